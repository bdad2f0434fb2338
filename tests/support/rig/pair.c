/* Offer and answer between two calls of one process. */
#include "support/pair.h"

#include "support/suite.h"

#include <string.h>

void connect_pair(struct omsp_call *a, struct omsp_call *b)
{
    char sdp[2048];
    size_t need;

    ck_assert_int_eq(omsp_call_local_sdp(a, sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(b, sdp, strlen(sdp)), OMSP_OK);
    ck_assert_int_eq(omsp_call_local_sdp(b, sdp, sizeof(sdp), &need), OMSP_OK);
    ck_assert_int_eq(omsp_call_set_remote_sdp(a, sdp, strlen(sdp)), OMSP_OK);
}
