// @node-saml/node-saml as a service provider of the directory, configured from its metadata file.
//
//     node node_saml_peer.cjs IDP_METADATA_FILE KEY_FILE CERTIFICATE_FILE
//
// Serves /metadata, /login and /acs on a free port of loopback, and prints {"url"}.
"use strict";

const fs = require("fs");
const express = require("express");
const { SAML } = require("@node-saml/node-saml");
const { DOMParser } = require("@xmldom/xmldom");

const METADATA = "urn:oasis:names:tc:SAML:2.0:metadata";
const REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const GIVEN_NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname";

const [idpFile, keyFile, certificateFile] = process.argv.slice(2);

/** What a person copies out of an identity provider's metadata; the library reads none itself. */
function identityProvider(file) {
  const root = new DOMParser().parseFromString(fs.readFileSync(file, "utf8"), "text/xml").documentElement;
  const idp = root.getElementsByTagNameNS(METADATA, "IDPSSODescriptor")[0];
  const services = Array.from(idp.getElementsByTagNameNS(METADATA, "SingleSignOnService"));
  const certificates = Array.from(idp.getElementsByTagNameNS("http://www.w3.org/2000/09/xmldsig#", "X509Certificate"));
  return {
    idpIssuer: root.getAttribute("entityID"),
    entryPoint: services.find((s) => s.getAttribute("Binding") === REDIRECT).getAttribute("Location"),
    idpCert: certificates.map((c) => c.textContent.replace(/\s/g, "")),
  };
}

const app = express();
const server = app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const saml = new SAML({
    ...identityProvider(idpFile),
    issuer: `${url}/metadata`,
    callbackUrl: `${url}/acs`,
    privateKey: fs.readFileSync(keyFile, "utf8"),
    publicCert: fs.readFileSync(certificateFile, "utf8"),
    signatureAlgorithm: "sha256",
    digestAlgorithm: "sha256",
    wantAssertionsSigned: true,
    // The directory signs the assertion, as Entra ID does unless an application asks for more.
    wantAuthnResponseSigned: false,
    validateInResponseTo: "always",
  });
  app.get("/metadata", (_, res) => {
    res.type("application/xml").send(saml.generateServiceProviderMetadata(null, fs.readFileSync(certificateFile, "utf8")));
  });
  app.get("/login", async (req, res) => res.redirect(await saml.getAuthorizeUrlAsync("state-7", req.headers.host, {})));
  app.post("/acs", express.urlencoded({ extended: false }), async (req, res) => {
    try {
      const { profile } = await saml.validatePostResponseAsync(req.body);
      const { nameID, nameIDFormat } = profile;
      res.json({ nameId: nameID, format: nameIDFormat, givenName: profile[GIVEN_NAME], relayState: req.body.RelayState });
    } catch (error) {
      res.status(403).json({ reason: error.message });
    }
  });
  console.log(JSON.stringify({ url }, null, 1));
});
