// Sends with JPush's own client (jpush-async) to the simulator. Argument: JSON with base, appKey,
// masterSecret and sends: [{id, alert}]. Prints one JSON line for each send.
const JPush = require("jpush-async").JPushAsync;

(async () => {
  const input = JSON.parse(process.argv[2]);
  const client = JPush.buildClient({
    appKey: input.appKey, masterSecret: input.masterSecret, retryTimes: 0, isDebug: false,
    readTimeOut: 5000, proxy: input.base + "/v3/push",
  });
  for (const one of input.sends) {
    try {
      const result = await client.push().setPlatform("ios", "android")
        .setAudience(JPush.registration_id(one.id))
        .setNotification("fallback", JPush.android(one.alert, one.title, 1), JPush.ios(one.alert, "default", 1))
        .setOptions(7, 60, null, true).send();
      console.log(JSON.stringify({ result }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.message ?? error.error ?? error }));
    }
  }
})();
