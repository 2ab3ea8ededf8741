// The live page: asks for a key once, then for the figures every two seconds, slower while the server is away.
import {clear_board, draw_board} from './board.js';
import {on_language, start_language, text} from './language.js';
import {Failure, get, key} from './server.js';
import {follow_address, start_trace} from './trace.js';

const period_ms = 2000;
const longest_wait_ms = 30_000;
const place = (id) => document.getElementById(id);

let timer = 0;
let failures = 0;
let round = 0;  // counts the starts, so that an answer that comes too late is not drawn
let last = null;
let state = ['connecting'];

function show_state(kind, values = {}) {
  state = [kind, values];
  place('state').className = `state ${kind === 'live' ? 'good' : kind === 'connecting' || kind === 'paused' ? '' : 'bad'}`;
  place('state-text').textContent = text(`state.${kind}`, values);
}

function ask_for_key(problem = '') {
  stop();
  last = null;
  key.forget();
  if (place('trace').open) place('trace').close();
  place('board').hidden = true;
  place('key-form').hidden = false;
  place('key-problem').hidden = !problem;
  place('key-problem').dataset.text = problem;
  place('key-problem').textContent = problem && text(problem);
  place('key').value = '';
  place('key').focus();
}

function handle(failure) {
  if (failure.kind === 'refused' || failure.kind === 'scope') return ask_for_key(`key.${failure.kind}`);
  failures += 1;
  show_state(failure.kind === 'missing' ? 'failed' : failure.kind, {status: failure.status});
  const wait = Math.min(longest_wait_ms, period_ms * 2 ** Math.min(failures, 4));
  plan(Math.max(wait, failure.wait_ms));
}

async function tick() {
  const mine = round;
  try {
    const data = await get('/api/messages/statistics/realtime');
    if (mine !== round) return;
    failures = 0;
    last = data;
    draw_board(data, true);
    show_state('live');
    plan(period_ms);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    if (mine === round) handle(failure);
  }
}

function plan(wait_ms) {
  timer = setTimeout(tick, wait_ms);
}

function stop() {
  clearTimeout(timer);
  round += 1;
}

function start() {
  stop();
  failures = 0;
  place('key-form').hidden = true;
  place('board').hidden = false;
  if (!last) show_state('connecting');
  tick();
}

place('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  key.set(place('key').value.trim());
  clear_board();
  start();
  follow_address();
});
place('forget').addEventListener('click', () => ask_for_key());
document.addEventListener('visibilitychange', () => {
  if (!key.get()) return;
  if (!document.hidden) return start();
  stop();
  show_state('paused');
});
window.addEventListener('hashchange', () => key.get() && follow_address());
on_language(() => {
  show_state(...state);
  if (last) draw_board(last, false);
});

start_language();
start_trace();
if (key.get()) {
  start();
  follow_address();
} else {
  ask_for_key();
}
