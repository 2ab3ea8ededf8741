// Fetches a token with google-auth-library and sends with it. Argument: JSON with base, account (the
// key file) and sends: [{project, body}]. The library's token address is fixed, so its transport is led
// to the simulator; what it signs is not touched. Prints one JSON line for the token and each send.
import { JWT } from "google-auth-library";

const input = JSON.parse(process.argv[2]);
const led = (url) => String(url).replace("https://oauth2.googleapis.com", input.base);
globalThis.fetch = ((original) => (url, options) => original(led(url), options))(globalThis.fetch);
const client = new JWT({
  email: input.account.client_email,
  key: input.account.private_key,
  keyId: input.account.private_key_id,
  scopes: ["https://www.googleapis.com/auth/firebase.messaging"],
});
const own = client.transporter.request.bind(client.transporter);
client.transporter.request = (options) =>
  own({ ...options, url: led(options.url), fetchImplementation: globalThis.fetch });
const { token } = await client.getAccessToken();
console.log(JSON.stringify({ token: typeof token === "string" && token.length > 20 }));
for (const one of input.sends) {
  const answer = await fetch(`${input.base}/v1/projects/${one.project}/messages:send`, {
    method: "POST",
    headers: { authorization: `Bearer ${one.token ?? token}`, "content-type": "application/json" },
    body: JSON.stringify(one.body),
  });
  console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
}
