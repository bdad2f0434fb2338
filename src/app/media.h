/* Media streams as the command line asks for them, through the provider's interfaces. */
#ifndef OMSP_APP_MEDIA_H
#define OMSP_APP_MEDIA_H

#include "app/media_options.h"
#include "app/tapi.h"

/* All tell on standard error why they failed. The calling thread is in the MTA. */

/* Media workers, account, token and CA, before any stream. */
bool media_configure(IOpenMSPAddress *address, const struct media_options *options);
/* The REST server, when --rest is there; reports its URL. */
bool media_serve(IOpenMSPAddress *address, const struct media_options *options);
/* --reconnects, --encoding, --sample-rate, --stream and --twiml, on a connected call. */
bool media_begin(IOpenMSPCall *call, const struct media_options *options);

#endif
