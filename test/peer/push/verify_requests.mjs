// Reads the requests that Hongyan's senders made (see test_push.py) and judges them with programs that
// know nothing of it: http_ece decrypts, jsonwebtoken verifies. Argument: the folder. Prints JSON.
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const ece = require("http_ece");
const jwt = require("jsonwebtoken");

const folder = process.argv[2];
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8"));
const out = {};

{
  const request = read("apns");
  const token = request.headers.authorization.replace(/^bearer /, "");
  out.apns = {
    claims: jwt.verify(token, request.public_key, { algorithms: ["ES256"] }),
    header: jwt.decode(token, { complete: true }).header,
    headers: request.headers, url: request.url,
    payload: JSON.parse(Buffer.from(request.body, "base64").toString()),
  };
}
{
  const request = read("fcm");
  const form = new URLSearchParams(Buffer.from(request.body, "base64").toString());
  out.fcm = {
    grant: form.get("grant_type"),
    claims: jwt.verify(form.get("assertion"), request.public_key,
      { algorithms: ["RS256"], clockTimestamp: request.now }),
    url: request.url,
  };
}
{
  const request = read("web_push");
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(request.headers.authorization);
  const point = Buffer.from(key, "base64url");
  const verifier = crypto.createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") } });
  const browser = crypto.createECDH("prime256v1");
  browser.setPrivateKey(Buffer.from(request.browser_key, "base64url"));
  out.web_push = {
    claims: jwt.verify(token, verifier, { algorithms: ["ES256"], clockTimestamp: request.now }),
    headers: request.headers,
    text: ece.decrypt(Buffer.from(request.body, "base64"),
      { version: "aes128gcm", privateKey: browser, authSecret: request.auth }).toString(),
  };
}
console.log(JSON.stringify(out));
