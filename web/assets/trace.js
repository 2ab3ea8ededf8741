// The panel that shows the trace of one message, opened by the address's fragment so that it can be linked to.
import {badge} from './board.js';
import {element, meter} from './element.js';
import {clock, duration, spans} from './format.js';
import {text, word} from './language.js';
import {Failure, get} from './server.js';

const dialog = document.getElementById('trace');
const body = document.getElementById('trace-body');
let shown = null;

function fact(...parts) {
  return parts.filter((part) => part !== undefined && part !== null && part !== '').join(' · ');
}

function node_row(node, span) {
  const kind = node.status === 'failed' ? 'bad' : node.status === 'pending' ? 'waiting' : '';
  const version = node.rule_version ? text('trace.rule', {version: node.rule_version}) : '';
  return element('div', {class: 'node'},
    element('p', {class: 'line'}, element('b', {}, word('node', node.name)), badge(node.status),
      element('span', {class: 'mono'}, duration(node.duration_ms))),
    meter(span.width, kind, span.start),
    element('p', {class: 'muted below'}, fact(clock(node.started_at), node.provider, node.reason, version)));
}

function attempt_row(attempt) {
  const next = attempt.next_attempt_at ? text('trace.next', {time: clock(attempt.next_attempt_at)}) : '';
  const version = attempt.rule_version ? text('trace.rule', {version: attempt.rule_version}) : '';
  return element('li', {},
    element('b', {}, text('trace.attempt', {number: attempt.attempt})), ' ',
    element('span', {}, fact(attempt.provider, attempt.outcome, attempt.error_class, duration(attempt.duration_ms))),
    element('p', {class: 'muted below'}, fact(clock(attempt.started_at), attempt.detail, next, version)));
}

function draw(trace) {
  const nodes = trace.nodes ?? [];
  const positions = spans(nodes);
  const attempts = trace.attempts ?? [];
  body.replaceChildren(
    element('p', {class: 'line'}, element('code', {}, trace.trace_id), badge(trace.status)),
    element('p', {class: 'muted'}, `${text('trace.total')} ${duration(trace.statistics?.total_duration_ms)}`),
    ...nodes.map((node, index) => node_row(node, positions[index])),
    ...(attempts.length ? [element('h3', {}, text('trace.attempts')), element('ol', {}, ...attempts.map(attempt_row))] : []),
    element('details', {}, element('summary', {}, text('trace.raw')),
      element('pre', {}, JSON.stringify(trace, null, 2))));
}

function draw_failure(failure) {
  const reason = failure.kind === 'missing' ? text('trace.missing') : text('trace.failed', {status: failure.status});
  body.replaceChildren(element('p', {class: 'problem'}, reason));
}

async function open(trace_id) {
  shown = trace_id;
  body.replaceChildren(element('p', {class: 'muted'}, text('state.connecting')));
  if (!dialog.open) dialog.showModal();
  try {
    const trace = await get(`/api/messages/traces/${encodeURIComponent(trace_id)}`);
    if (shown === trace_id) draw(trace);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    if (shown === trace_id) draw_failure(failure);
  }
}

/** Shows the trace that the address names, or closes the panel if it names none. */
export function follow_address() {
  const trace_id = decodeURIComponent(location.hash.slice(1));
  if (/^[\w-]+$/.test(trace_id)) open(trace_id);
  else if (dialog.open) dialog.close();
}

export function start_trace() {
  document.getElementById('trace-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => {
    shown = null;
    history.replaceState(null, '', location.pathname);
  });
}
