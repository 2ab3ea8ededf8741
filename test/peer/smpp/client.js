// npm smpp as a client of Hongyan's simulated centre. The argument is a JSON object: port, tls,
// password, mode (the bind command), messages (a list of submit_sm fields; text_ucs2 is sent as
// UCS-2, raw_hex as bytes), receipts (how many to wait for), enquire, query. Prints one line of JSON
// for each thing that happens, and ends with "done".
const smpp = require("smpp");

const wanted = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
let receipts = 0;
let answered = 0;

function finish() {
  session.unbind((pdu) => {
    say({ event: "unbound", status: pdu.command_status });
    say({ event: "done" });
    process.exit(0);
  });
}

function maybeFinish() {
  if (answered === wanted.messages.length && receipts >= (wanted.receipts || 0)) finish();
}

function submit(fields) {
  const { raw_hex: raw, udh_hex: udh, ...rest } = fields;
  if (raw !== undefined) rest.short_message = Buffer.from(raw, "hex");
  if (udh !== undefined) {
    rest.short_message = { udh: Buffer.from(udh, "hex"), message: rest.short_message };
  }
  session.submit_sm(rest, (pdu) => {
    answered += 1;
    say({ event: "answer", status: pdu.command_status, id: pdu.message_id });
    if (wanted.query && answered === 1) {
      session.query_sm({ message_id: pdu.message_id }, (q) =>
        say({ event: "query", status: q.command_status, state: q.message_state }));
    }
    maybeFinish();
  });
}

const session = smpp.connect({
  host: "127.0.0.1", port: wanted.port, tls: wanted.tls || false, rejectUnauthorized: false,
});
session.on("error", (error) => say({ event: "error", detail: String(error) }));
session.on("close", () => { say({ event: "closed" }); process.exit(0); });
session.on("enquire_link", (pdu) => session.send(pdu.response()));
session.on("deliver_sm", (pdu) => {
  receipts += 1;
  session.send(pdu.response());
  say({
    event: "receipt", text: pdu.short_message.message, esm_class: pdu.esm_class,
    id: pdu.receipted_message_id, state: pdu.message_state, from: pdu.source_addr,
  });
  maybeFinish();
});
session.on(wanted.tls ? "secureConnect" : "connect", () => {
  const login = { system_id: "hongyan", password: wanted.password || "secret" };
  session[wanted.mode || "bind_transceiver"](login, (pdu) => {
    say({ event: "bound", status: pdu.command_status, centre: pdu.system_id,
          version: pdu.sc_interface_version });
    if (pdu.command_status !== 0) { say({ event: "done" }); process.exit(0); }
    if (wanted.enquire) session.enquire_link((e) => say({ event: "alive", status: e.command_status }));
    for (const fields of wanted.messages) submit(fields);
    if (wanted.messages.length === 0) setTimeout(finish, 100);
  });
});
setTimeout(() => { say({ event: "timeout" }); process.exit(1); }, 30000).unref();
