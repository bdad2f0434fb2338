/*
 * What src/curl needs of Windows, TLS's part. Schannel verifies by itself on Windows; under Wine it
 * verifies nothing. So the peer's chain is verified here, too, before a byte is sent, the same way
 * on both. With a private CA curl's own verification is the one that knows it. Stateless.
 */
#include "win/poller.h"

#include <windows.h>
#include <wincrypt.h>
#define SECURITY_WIN32
#include <schannel.h>
#include <security.h>
#include <string.h>

#ifndef CERT_TRUST_IS_NOT_TIME_NESTED
#define CERT_TRUST_IS_NOT_TIME_NESTED 0x00000002
#endif

/* That a revocation list cannot be had is no reason to refuse; that one names the certificate is.
 */
#define HARMLESS                                                                                   \
    (CERT_TRUST_IS_NOT_TIME_NESTED | CERT_TRUST_REVOCATION_STATUS_UNKNOWN |                        \
     CERT_TRUST_IS_OFFLINE_REVOCATION)

static bool policy_accepts(PCCERT_CHAIN_CONTEXT chain, const char *host)
{
    WCHAR name[256];
    SSL_EXTRA_CERT_CHAIN_POLICY_PARA ssl = {
        .cbSize = sizeof(ssl), .dwAuthType = AUTHTYPE_SERVER, .pwszServerName = name};
    CERT_CHAIN_POLICY_PARA ask = {.cbSize = sizeof(ask), .pvExtraPolicyPara = &ssl};
    CERT_CHAIN_POLICY_STATUS answer = {.cbSize = sizeof(answer)};
    size_t len = strlen(host);

    if (len >= sizeof(name) / sizeof(name[0]))
        return false;
    for (size_t i = 0; i <= len; i++)
        name[i] = (unsigned char)host[i];
    /* The policy alone does not do: Wine's lets an untrusted root pass. */
    return !(chain->TrustStatus.dwErrorStatus & ~(DWORD)HARMLESS) &&
           CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, chain, &ask, &answer) &&
           answer.dwError == 0;
}

static bool chain_holds(PCCERT_CONTEXT cert, const char *host)
{
    char server_auth[] = szOID_PKIX_KP_SERVER_AUTH;
    char *usages[] = {server_auth};
    CERT_CHAIN_PARA para = {
        .cbSize = sizeof(para),
        .RequestedUsage = {.dwType = USAGE_MATCH_TYPE_AND,
                           .Usage = {.cUsageIdentifier = 1, .rgpszUsageIdentifier = usages}}};
    PCCERT_CHAIN_CONTEXT chain = NULL;
    bool holds;

    if (!CertGetCertificateChain(NULL, cert, NULL, cert->hCertStore, &para, 0, NULL, &chain))
        return false;
    holds = policy_accepts(chain, host);
    CertFreeCertificateChain(chain);
    return holds;
}

/* CURLOPT_PREREQFUNCTION: connected, handshake done, nothing sent. */
static int before_request(void *ctx, char *primary_ip, char *local_ip, int primary_port,
                          int local_port)
{
    struct omsp_tls_check *check = ctx;
    struct curl_tlssessioninfo *session = NULL;
    PCCERT_CONTEXT cert = NULL;
    const char *scheme = NULL;
    bool holds;

    (void)primary_ip;
    (void)local_ip;
    (void)primary_port;
    (void)local_port;
    if (curl_easy_getinfo(check->easy, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme &&
        _stricmp(scheme, "http") == 0)
        return CURL_PREREQFUNC_OK;
    holds = curl_easy_getinfo(check->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session &&
            session->internals &&
            QueryContextAttributesW(session->internals, SECPKG_ATTR_REMOTE_CERT_CONTEXT,
                                    (void *)&cert) == SEC_E_OK &&
            cert && chain_holds(cert, check->host);
    if (cert)
        CertFreeCertificateContext(cert);
    check->refused = !holds;
    return holds ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

CURLcode omsp_win_tls_verify(CURL *easy, const char *ca_file, struct omsp_tls_check *check)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    /* A private CA seldom has revocation lists; a public one's may be out of reach. */
    long revocation = ca_file ? CURLSSLOPT_NO_REVOKE : CURLSSLOPT_REVOKE_BEST_EFFORT;

    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, revocation);
    if (!code && ca_file)
        return curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, check);
    return code;
}

void omsp_win_stay_loaded(void)
{
    HMODULE self;

    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                       (LPCWSTR)(void *)&omsp_win_stay_loaded, &self);
}
