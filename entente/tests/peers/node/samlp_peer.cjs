// samlp as an identity provider of the center, configured from its metadata file.
//
//     node samlp_peer.cjs SP_METADATA_FILE KEY_FILE CERTIFICATE_FILE
//
// Serves /sso with a sign-in form that believes every name, and its metadata, on a free port of loopback, and
// prints {"url"}.
"use strict";

const fs = require("fs");
const express = require("express");
const samlp = require("samlp");
const { DOMParser } = require("@xmldom/xmldom");

const METADATA = "urn:oasis:names:tc:SAML:2.0:metadata";
const EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const PAGE = "/FederationMetadata/2007-06/FederationMetadata.xml";

const [spFile, keyFile, certificateFile] = process.argv.slice(2);
const [key, cert] = [keyFile, certificateFile].map((file) => fs.readFileSync(file));
const sp = new DOMParser().parseFromString(fs.readFileSync(spFile, "utf8"), "text/xml").documentElement;
const service = sp.getElementsByTagNameNS(METADATA, "AssertionConsumerService")[0];

/** A person of whom nothing is known but the name. */
function Named(user) {
  return { getClaims: () => ({}), getNameIdentifier: () => ({ nameIdentifier: user.name, nameIdentifierFormat: EMAIL }) };
}
Named.prototype.metadata = [];

const app = express();
const server = app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const issuer = `${url}/idp`;
  const endpoints = { redirectEndpointPath: "/sso", postEndpointPath: "/sso", profileMapper: Named };
  app.get(PAGE, samlp.metadata({ issuer, cert, ...endpoints }));
  app.get("/sso", (req, res) => {
    res.send(`<form method="post" action="/signed-in?${req.url.split("?")[1].replace(/&/g, "&amp;")}">
      <input name="username"><input name="password" type="password"></form>`);
  });
  app.post("/signed-in", express.urlencoded({ extended: false }), (req, res, next) => {
    const options = {
      issuer,
      cert,
      key,
      audience: sp.getAttribute("entityID"),
      recipient: service.getAttribute("Location"),
      destination: service.getAttribute("Location"),
      getPostURL: (_audience, _request, _req, callback) => callback(null, service.getAttribute("Location")),
      getUserFromRequest: (request) => ({ name: request.body.username }),
      profileMapper: Named,
      authnContextClassRef: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
    };
    samlp.auth(options)(req, res, next);
  });
  console.log(JSON.stringify({ url }, null, 1));
});
