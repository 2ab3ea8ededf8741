import assert from 'node:assert/strict';
import {test} from 'node:test';

import {clock, depths, duration, line_points, number, percent, short_number, spans} from '../assets/format.js';

test('numbers are grouped and unknown ones are a dash', () => {
  assert.equal(number(1234567), '1,234,567');
  assert.equal(number(0), '0');
  for (const nothing of [undefined, null, NaN, Infinity, '3']) assert.equal(number(nothing), '–');
});

test('short numbers keep small rates exact', () => {
  assert.equal(short_number(0.25), '0.3');
  assert.equal(short_number(38_412), '38.4 k');
  assert.equal(short_number(2_500_000), '2.5 M');
});

test('a success rate is never rounded up to 100 and has no value without messages', () => {
  assert.equal(percent(99.999, 100_000), '99.99 %');
  assert.equal(percent(100, 3), '100 %');
  assert.equal(percent(0, 0), '–');
  assert.equal(percent(undefined, 4), '–');
});

test('durations choose their unit', () => {
  assert.equal(duration(0.42), '0.4 ms');
  assert.equal(duration(850), '850 ms');
  assert.equal(duration(1500), '1.5 s');
  assert.equal(duration(90_000), '1.5 min');
  assert.equal(duration(undefined), '–');
});

test('a time of another day has its date', () => {
  const today = new Date(2026, 10, 24, 12);
  assert.equal(clock(new Date(2026, 10, 24, 9, 5, 7), today), '09:05:07');
  assert.equal(clock(new Date(2026, 10, 23, 9, 5, 7), today), '11-23 09:05:07');
  assert.equal(clock('nonsense', today), '–');
  assert.equal(clock(undefined, today), '–');
});

test('depths are read from each shape, most urgent first', () => {
  const expected = [7, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1];
  assert.deepEqual(depths([1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 7]), expected);
  assert.deepEqual(depths({10: 7, 5: 5, 0: 1, 11: 3}), expected);
  assert.deepEqual(depths([{priority: 10, count: 7}, {priority: 5, count: 5}, {priority: 0, depth: 1}]), expected);
  assert.deepEqual(depths(undefined), new Array(11).fill(0));
});

test('the newest point of a line is at the right edge and the highest at the top', () => {
  const points = line_points([0, 10], 11, 100, 50);
  assert.deepEqual(points, ['90.0,50.0', '100.0,8.0']);
  assert.deepEqual(line_points([0], 11, 100, 50), ['100.0,50.0']);
});

test('spans of a trace cover the whole and stay inside it', () => {
  const nodes = [
    {started_at: '2026-11-24T10:00:00.000Z', duration_ms: 50},
    {started_at: '2026-11-24T10:00:00.050Z', duration_ms: 150},
    {started_at: '2026-11-24T10:00:00.200Z', duration_ms: 0},
    {duration_ms: 3},
  ];
  const [queue, send, end, unknown] = spans(nodes);
  assert.deepEqual(queue, {start: 0, width: 25});
  assert.deepEqual(send, {start: 25, width: 75});
  assert.ok(end.start + end.width <= 100);
  assert.equal(unknown.width, 0);
  assert.deepEqual(spans([]), []);
});
