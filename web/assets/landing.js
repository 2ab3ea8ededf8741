// The first page: commands with this server's own address, and whether it is ready.
import {on_language, start_language, text} from './language.js';

const server = location.origin;
const commands = {
  step1: `export HONGYAN_API_KEY=$(cat data/demo.key)`,
  step2: `curl -s ${server}/api/messages/send \\
  -H "Authorization: Bearer $HONGYAN_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"channel": "sms", "recipient": "13800138000", "template": "order_shipped",
       "variables": {"order_no": "SO1001", "customer_name": "张三", "delivery_days": 3}}'`,
  step3: `curl -s "${server}/api/sandbox/inbox?limit=1" -H "Authorization: Bearer $HONGYAN_API_KEY"
curl -s ${server}/api/messages/traces/msg_… -H "Authorization: Bearer $HONGYAN_API_KEY"`,
};

let state = 'asking';

function show_state() {
  const element = document.getElementById('state');
  element.className = `state ${state === 'ready' ? 'good' : state === 'asking' ? '' : 'bad'}`;
  document.getElementById('state-text').textContent = `${location.host} · ${text(`home.${state}`)}`;
}

async function ask_state() {
  try {
    const answer = await fetch('/readyz', {cache: 'no-store', signal: AbortSignal.timeout(5000)});
    state = answer.ok ? 'ready' : 'unready';
  } catch {
    state = 'unreachable';
  }
  show_state();
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = text('home.copied');
    setTimeout(() => (button.textContent = text('home.copy')), 1500);
  } catch {
    getSelection().selectAllChildren(source);  // no clipboard without TLS: the reader copies it
  }
}

for (const [id, command] of Object.entries(commands)) document.getElementById(id).textContent = command;
const buttons = document.querySelectorAll('[data-copy]');
for (const button of buttons) button.addEventListener('click', () => copy(button));
on_language(() => {
  show_state();
  for (const button of buttons) button.textContent = text('home.copy');
});
start_language();
ask_state();
setInterval(() => document.hidden || ask_state(), 10_000);
