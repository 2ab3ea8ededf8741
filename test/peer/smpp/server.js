// A short message centre made of npm smpp, for Hongyan's sender. The argument is a JSON object:
//   password, id_format (dec|hex), receipts (none|after|before), dialect (text|tlv|hex_answer),
//   throttle_every, cut_after (submits), refuse_segment, key, cert,
//   elsewhere (receipts go to another session than the submit's, once there is one).
// Prints a line of JSON for each thing that happens.
const fs = require("fs");
const smpp = require("smpp");

const wanted = JSON.parse(process.argv[2] || "{}");
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const sessions = new Set();
let next = 0x1a2b00;
let submits = 0;
let cut = false;

function decoded(pdu) {
  const payload = pdu.message_payload;
  const whole = payload !== undefined && payload !== null ? payload : pdu.short_message;
  const message = whole && whole.message !== undefined ? whole.message : whole;
  const udh = (whole && whole.udh ? [].concat(whole.udh) : []).map((one) => one.toString("hex"));
  return { text: message.toString(), udh };
}

function receipt(submitter, pdu, id) {
  const others = [...sessions].filter((one) => one !== submitter);
  const session = wanted.elsewhere && others.length > 0 ? others[0] : submitter;
  const inText = wanted.dialect === "hex_answer" ? String(id).padStart(12, "0") : String(id);
  const fields = {
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
  };
  if (wanted.dialect === "tlv") {
    fields.receipted_message_id = String(id);
    fields.message_state = 2;
    fields.short_message = "";
  } else {
    fields.short_message = `id:${inText} sub:001 dlvrd:001 submit date:2608211030 ` +
      "done date:2608211031 stat:DELIVRD err:000 text:" ;
  }
  session.deliver_sm(fields, (answer) => say({ event: "receipt_answer", status: answer.command_status }));
}

function onSubmit(session, pdu) {
  submits += 1;
  const { text, udh } = decoded(pdu);
  say({
    event: "submit", text, udh, from: pdu.source_addr, to: pdu.destination_addr,
    data_coding: pdu.data_coding, esm_class: pdu.esm_class, ton: pdu.source_addr_ton,
    validity: pdu.validity_period, registered: pdu.registered_delivery,
    sar: pdu.sar_total_segments === undefined ? null
      : [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    payload: pdu.message_payload !== undefined,
  });
  if (wanted.throttle_every && submits % wanted.throttle_every === 0) {
    return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
  }
  if (wanted.refuse_segment === submits) {
    return session.send(pdu.response({ command_status: smpp.ESME_RINVESMCLASS }));
  }
  if (wanted.cut_after && !cut && submits >= wanted.cut_after) {
    cut = true;
    return session.destroy();
  }
  if (cut && session.dead) return undefined;
  const id = ++next;
  const answer = wanted.dialect === "hex_answer" ? id.toString(16).toUpperCase() : String(id);
  if (wanted.receipts === "before") receipt(session, pdu, id);
  session.send(pdu.response({ message_id: answer }));
  if (wanted.receipts === "after") setTimeout(() => receipt(session, pdu, id), 5);
  return undefined;
}

const options = wanted.key ? { key: fs.readFileSync(wanted.key), cert: fs.readFileSync(wanted.cert) } : {};
const server = smpp.createServer(options, (session) => {
  session.on("close", () => sessions.delete(session));
  const bind = (pdu) => {
    const good = pdu.system_id === "hongyan" && pdu.password === (wanted.password || "secret");
    if (good) sessions.add(session);
    say({ event: "bind", command: pdu.command, good, version: pdu.interface_version });
    session.send(pdu.response(good ? { system_id: "NODE" } : { command_status: smpp.ESME_RINVPASWD }));
  };
  for (const kind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) session.on(kind, bind);
  session.on("submit_sm", (pdu) => onSubmit(session, pdu));
  session.on("enquire_link", (pdu) => { say({ event: "enquire_link" }); session.send(pdu.response()); });
  session.on("unbind", (pdu) => { say({ event: "unbind" }); session.send(pdu.response()); session.close(); });
  session.on("error", () => session.destroy());
});
server.on("error", (error) => say({ event: "error", detail: String(error) }));
server.listen(0, "127.0.0.1", () => say({ event: "listening", port: server.address().port }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
