// Draws one reply of /api/messages/statistics/realtime. Keeps nothing but the line of the chart.
import {drawing, element, meter} from './element.js';
import {clock, depths, duration, line_points, number, percent, short_number} from './format.js';
import {text, word} from './language.js';

const capacity = 150;  // points of the chart: five minutes at one in two seconds
const history = [];

const place = (id) => document.getElementById(id);

function figure(name, value, note, kind = '') {
  return element('article', {class: `panel figure ${kind}`}, element('h3', {}, text(name)),
    element('p', {class: 'value'}, value), element('p', {class: 'muted'}, note));
}

function draw_figures(data) {
  const minute = data.last_minute ?? {};
  const hour = data.last_hour ?? {};
  const queue = data.queue ?? {};
  const tried = (sums) => (sums.sent ?? 0) + (sums.failed ?? 0);
  place('figures').replaceChildren(
    figure('card.rate', short_number(minute.per_second), text('card.rate.note')),
    figure('card.sent', number(minute.sent), text('card.hour', {count: number(hour.sent)})),
    figure('card.success', percent(minute.success_rate, tried(minute)),
      text('card.success.note', {rate: percent(hour.success_rate, tried(hour))})),
    figure('card.time', duration(tried(minute) ? minute.avg_response_time_ms : NaN),
      text('card.time.note', {time: duration(tried(hour) ? hour.avg_response_time_ms : NaN)})),
    figure('card.failed', number(minute.failed), text('card.hour', {count: number(hour.failed)}),
      minute.failed ? 'alarm' : ''),
    figure('card.queue', number(queue.total), text('card.queue.note', {count: number(queue.scheduled ?? 0)})),
  );
}

function draw_chart(data) {
  history.push(Number(data.last_minute?.per_second) || 0);
  if (history.length > capacity) history.shift();
  const points = line_points(history, Math.max(30, history.length), 600, 150);
  const first = points[0].split(',')[0];
  place('chart').replaceChildren(
    drawing('polygon', {points: `${first},150 ${points.join(' ')} 600,150`}),
    drawing('polyline', {points: points.join(' ')}),
  );
  place('chart').setAttribute('aria-label', text('chart.title'));
  place('chart-scale').textContent = `max ${short_number(Math.max(...history))}`;
}

function draw_queue(data) {
  const counts = depths(data.queue?.by_priority);
  const most = Math.max(1, ...counts);
  place('queue').replaceChildren(...counts.flatMap((count, index) => [
    element('span', {class: 'mono'}, String(10 - index)),
    meter((count / most) * 100, index < 3 ? 'hot' : ''),
    element('span', {class: 'mono count'}, number(count)),
  ]));
}

function row(name, note, bar, below) {
  return element('div', {class: 'row'},
    element('p', {class: 'line'}, element('b', {class: 'mono'}, name), element('span', {class: 'muted'}, note)),
    bar, element('p', {class: 'muted below'}, below));
}

function draw_rows(id, entries, make) {
  const rows = (entries ?? []).map(make);
  place(id).replaceChildren(...(rows.length ? rows : [element('p', {class: 'muted'}, text('none'))]));
}

function pool_row(pool) {
  const size = pool.size ?? pool.core_pool_size;
  const low = pool.core_pool_size;
  const high = pool.max_pool_size;
  const use = (100 * (pool.active_count ?? 0)) / Math.max(1, size);
  const made = row(pool.pool_name, text('pools.use', {active: number(pool.active_count), size: number(size)}),
    meter(use, use >= 80 ? 'hot' : ''), text('pools.bounds', {
      low, high, queued: number(pool.queue_size), done: number(pool.completed_tasks),
    }));
  if (pool.last_change?.reason) {
    made.append(element('p', {class: 'muted below'}, `${clock(pool.last_change.at)} · ${pool.last_change.reason}`));
  }
  return made;
}

function limit_row(limit) {
  const disabled = limit.status === 'disabled';
  const use = disabled ? 0 : (100 * (limit.current ?? 0)) / Math.max(1, limit.max_value);
  const unit = text(`limits.${limit.limit_type}`, {seconds: limit.window_seconds});
  const note = disabled ? text('limits.disabled') : `${number(limit.current, 1)} / ${number(limit.max_value)} ${unit}`;
  const below = text('limits.passed', {passed: number(limit.passed), refused: number(limit.refused)});
  return row(limit.resource, note, meter(use, use >= 80 ? 'hot' : ''), below);
}

export function badge(status) {
  return element('span', {class: `badge is-${status}`}, word('status', status));
}

function message_row(message) {
  const reason = message.reason || undefined;
  return element('tr', {},
    element('td', {class: 'mono', title: message.created_at}, clock(message.created_at)),
    element('td', {}, word('channel', message.channel)),
    element('td', {class: 'recipient', title: message.recipient}, String(message.recipient ?? '')),
    element('td', {title: reason}, badge(message.status)),
    element('td', {class: 'number mono'}, String(message.priority ?? '')),
    element('td', {class: 'mono trace'},
      element('a', {href: `#${encodeURIComponent(message.trace_id)}`}, String(message.trace_id))));
}

function draw_messages(data) {
  const messages = data.messages ?? [];
  const focused = document.activeElement?.getAttribute('href');
  place('messages').replaceChildren(...messages.map(message_row));
  place('messages-none').hidden = messages.length > 0;
  // The rows are new each time: whoever walks them by keyboard keeps the place.
  if (focused) document.querySelector(`#messages a[href="${CSS.escape(focused)}"]`)?.focus();
}

/** Draws a reply; as_new says that it is not one drawn before in the other language. */
export function draw_board(data, as_new) {
  draw_figures(data);
  if (as_new) draw_chart(data);
  draw_queue(data);
  draw_rows('pools', data.pools, pool_row);
  draw_rows('limits', data.limits, limit_row);
  draw_messages(data);
}

export function clear_board() {
  history.length = 0;
}
