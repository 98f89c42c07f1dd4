"""python3-saml as a service provider of the directory, configured from its metadata file.

    python3_saml_peer.py IDP_METADATA_FILE KEY_FILE CERTIFICATE_FILE

Serves /metadata, /login, /login?elsewhere (which asks for the answer at another URL than the metadata say) and
/acs on a free port of loopback, and prints {"url"}.
"""

import http.server
import json
import pathlib
import sys
import urllib.parse

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


class Peer(http.server.BaseHTTPRequestHandler):
    idp, key, certificate = "", "", ""
    request_id = None

    @classmethod
    def settings(cls, url, acs="/acs"):
        own = {
            "strict": True,
            "sp": {
                "entityId": f"{url}/metadata",
                "assertionConsumerService": {"url": f"{url}{acs}", "binding": POST},
                "NameIDFormat": EMAIL,
                "x509cert": cls.certificate,
                "privateKey": cls.key,
            },
            "security": {
                "authnRequestsSigned": True,
                "wantAssertionsSigned": True,
                "rejectDeprecatedAlgorithm": True,
                "signatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            },
        }
        parsed = OneLogin_Saml2_IdPMetadataParser.parse(cls.idp)
        return OneLogin_Saml2_IdPMetadataParser.merge_settings(parsed, own)

    def auth(self, fields=None, acs="/acs"):
        host = "{}:{}".format(*self.server.server_address)
        request = {"https": "off", "http_host": host, "script_name": "/acs", "get_data": {}, "post_data": fields or {}}
        return OneLogin_Saml2_Auth(request, self.settings(f"http://{host}", acs))

    def answer(self, status, kind, body, headers=()):
        self.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/metadata":
            url = "http://{}:{}".format(*self.server.server_address)
            settings = OneLogin_Saml2_Settings(self.settings(url), sp_validation_only=True)
            metadata = settings.get_sp_metadata()
            errors = settings.validate_metadata(metadata)
            assert not errors, errors
            return self.answer(200, "application/xml", metadata if isinstance(metadata, bytes) else metadata.encode())
        auth = self.auth(acs="/elsewhere" if self.path.endswith("?elsewhere") else "/acs")
        location = auth.login(return_to="state-7")
        Peer.request_id = auth.get_last_request_id()
        return self.answer(302, "text/plain", b"", [("Location", location)])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        auth = self.auth(fields)
        auth.process_response(request_id=Peer.request_id)
        if auth.get_errors() or not auth.is_authenticated():
            refusal = {"errors": auth.get_errors(), "reason": auth.get_last_error_reason()}
            return self.answer(403, "application/json", json.dumps(refusal).encode())
        said = {
            "nameId": auth.get_nameid(),
            "format": auth.get_nameid_format(),
            "givenName": auth.get_attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname")[0],
            "relayState": fields.get("RelayState"),
        }
        return self.answer(200, "application/json", json.dumps(said).encode())

    def log_message(self, *_):
        pass


def main():
    Peer.idp, Peer.key, Peer.certificate = (pathlib.Path(file).read_text() for file in sys.argv[1:4])
    server = http.server.HTTPServer(("127.0.0.1", 0), Peer)
    print(json.dumps({"url": "http://{}:{}".format(*server.server_address)}, indent=1), flush=True)
    server.serve_forever()


main()
