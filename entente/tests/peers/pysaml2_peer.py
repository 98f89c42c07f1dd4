"""pysaml2 as a service provider of the directory and as an identity provider of the center.

    pysaml2_peer.py sp-metadata FOLDER
    pysaml2_peer.py sp-signin FOLDER IDP_METADATA_FILE USER PASSWORD
    pysaml2_peer.py idp-metadata FOLDER
    pysaml2_peer.py idp-signin FOLDER SP_METADATA_FILE CENTER_ORIGIN USER

Each prints one JSON object. FOLDER keeps the peer's key between calls.
"""

import base64
import datetime
import html.parser
import http.cookiejar
import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import IdPConfig, SPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
from saml2.server import Server

SP_ENTITY = "https://peer-sp.example/metadata"
SP_ACS = "https://peer-sp.example/acs"
IDP_ENTITY = "https://peer-idp.example/metadata"
IDP_SSO = "https://peer-idp.example/sso"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def key_files(folder):
    """The peer's key and self-signed certificate, made on the first call."""
    key_path, cert_path = folder / "peer.key", folder / "peer.pem"
    if not key_path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
        now = datetime.datetime.now(datetime.timezone.utc)
        cert = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .sign(key, hashes.SHA256())
        )
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        cert_path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    return str(key_path), str(cert_path)


def sp_config(folder, idp_metadata=None):
    key, cert = key_files(folder)
    config = {
        "entityid": SP_ENTITY,
        "key_file": key,
        "cert_file": cert,
        "allow_unknown_attributes": True,
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(SP_ACS, BINDING_HTTP_POST)]},
                "name_id_format": [NAMEID_FORMAT_EMAILADDRESS],
                "allow_unsolicited": False,
                "authn_requests_signed": False,
                "want_assertions_signed": True,
                "want_response_signed": False,
            }
        },
    }
    if idp_metadata:
        config["metadata"] = {"local": [idp_metadata]}
    return SPConfig().load(config)


def idp_config(folder, sp_metadata=None):
    key, cert = key_files(folder)
    config = {
        "entityid": IDP_ENTITY,
        "key_file": key,
        "cert_file": cert,
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [(IDP_SSO, BINDING_HTTP_REDIRECT)]},
                "name_id_format": [NAMEID_FORMAT_EMAILADDRESS],
                "sign_assertion": True,
                "sign_response": False,
                "signing_algorithm": RSA_SHA256,
                "digest_algorithm": SHA256,
                "want_authn_requests_signed": False,
                "policy": {"default": {"lifetime": {"minutes": 15}, "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}},
            }
        },
    }
    if sp_metadata:
        config["metadata"] = {"local": [sp_metadata]}
    return IdPConfig().load(config)


class Form(html.parser.HTMLParser):
    """The first form of a page: its action and inputs."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.inside = None, {}, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.action is None:
            self.action, self.inside = attrs.get("action", ""), True
        elif tag == "input" and self.inside and attrs.get("name"):
            self.fields[attrs["name"]] = attrs.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False


class Stay(urllib.request.HTTPRedirectHandler):
    """Redirects that leave the two servers of the test are not followed but shown."""

    def redirect_request(self, request, fp, code, message, headers, new_url):
        if not new_url.startswith("http://127.0.0.1"):
            raise urllib.error.HTTPError(new_url, code, "leaves", headers, fp)
        return super().redirect_request(request, fp, code, message, headers, new_url)


class Browser:
    def __init__(self):
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar, Stay())

    def open(self, url, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        try:
            answer = self.opener.open(url, data, timeout=30)
        except urllib.error.HTTPError as error:
            if error.msg == "leaves":
                return error.filename or error.url, ""
            raise SystemExit(f"{url}: {error.code} {error.read().decode(errors='replace')[:2000]}")
        return answer.geturl(), answer.read().decode()


def sp_signin(folder, idp_metadata, user, password):
    client = Saml2Client(config=sp_config(folder, idp_metadata))
    request_id, info = client.prepare_for_authenticate(relay_state="state-7", binding=BINDING_HTTP_REDIRECT)
    browser = Browser()
    url, page = browser.open(dict(info["headers"])["Location"])
    form = Form(page)
    fields = {**form.fields, "user_name": user, "password": password}
    url, page = browser.open(urllib.parse.urljoin(url, form.action), fields)
    form = Form(page)
    response = client.parse_authn_request_response(
        form.fields["SAMLResponse"], BINDING_HTTP_POST, outstanding={request_id: "/"}
    )
    return {
        "action": form.action,
        "relayState": form.fields.get("RelayState"),
        "nameId": response.name_id.text,
        "format": response.name_id.format,
        "inResponseTo": response.in_response_to == request_id,
        "attributes": response.ava,
    }


def idp_signin(folder, sp_metadata, center, user):
    server = Server(config=idp_config(folder, sp_metadata))
    browser = Browser()
    url, _ = browser.open(f"{center}/start")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    request = server.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT).message
    arguments = server.response_args(request)
    arguments.pop("name_id_policy", None)
    response = server.create_authn_response(
        identity={"givenName": "Peer"},
        userid=user,
        name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=user),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
        sign_assertion=True,
        sign_response=False,
        sign_alg=RSA_SHA256,
        digest_alg=SHA256,
        **arguments,
    )
    encoded = base64.b64encode(str(response).encode()).decode()
    fields = {"SAMLResponse": encoded, "RelayState": query.get("RelayState", "")}
    url, _ = browser.open(arguments["destination"], fields)
    _, accounts = browser.open(f"{center}/start/accounts")
    return {"landed": url, "portal": json.loads(accounts)}


def main():
    command, folder, *rest = sys.argv[1:]
    folder = pathlib.Path(folder)
    if command == "sp-metadata":
        answer = {"xml": create_metadata_string(None, config=sp_config(folder)).decode()}
    elif command == "idp-metadata":
        answer = {"xml": create_metadata_string(None, config=idp_config(folder)).decode()}
    elif command == "sp-signin":
        answer = sp_signin(folder, *rest)
    elif command == "idp-signin":
        answer = idp_signin(folder, *rest)
    else:
        raise SystemExit(__doc__)
    print(json.dumps(answer))


main()
