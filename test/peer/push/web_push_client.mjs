// Sends with npm web-push to a simulated push service. Argument: JSON with sends: [{subscription,
// payload, options}]; NODE_EXTRA_CA_CERTS names the authority. Prints one JSON line for each send.
import webpush from "web-push";

const input = JSON.parse(process.argv[2]);
const keys = webpush.generateVAPIDKeys();
for (const one of input.sends) {
  const options = { TTL: 60, vapidDetails: { subject: "mailto:peer@example.com", ...keys },
    ...one.options };
  try {
    const result = await webpush.sendNotification(one.subscription, one.payload, options);
    console.log(JSON.stringify({ status: result.statusCode, location: result.headers.location }));
  } catch (error) {
    console.log(JSON.stringify({ status: error.statusCode, body: error.body, error: error.message }));
  }
}
