// Numbers, times and shapes as the monitor shows them. Pure, and tested in node.

/** 1234567 -> "1,234,567"; nothing known -> "–". */
export function number(value, digits = 0) {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–';
  return value.toLocaleString('en-US', {maximumFractionDigits: digits});
}

/** 1234567 -> "1.2 M", for axes and narrow places. */
export function short_number(value) {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–';
  for (const [size, unit] of [[1e9, 'G'], [1e6, 'M'], [1e4, 'k']]) {
    if (value >= size) return `${number(value / (unit === 'k' ? 1e3 : size), 1)} ${unit}`;
  }
  return number(value, value < 10 ? 1 : 0);
}

/** A rate in percent. It has no value where nothing was sent, and is never rounded up to 100. */
export function percent(rate, count) {
  if (typeof rate !== 'number' || !count) return '–';
  return `${Math.floor(rate * 100) / 100} %`;
}

/** 0.4 -> "0.4 ms", 1500 -> "1.5 s", 90000 -> "1.5 min". */
export function duration(ms) {
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return '–';
  if (ms < 1000) return `${number(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${number(ms / 1000, 1)} s`;
  return `${number(ms / 60_000, 1)} min`;
}

/** RFC 3339 -> "14:03:07", with the day before it if that is not today. */
export function clock(time, today = new Date()) {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return '–';
  const two = (value) => String(value).padStart(2, '0');
  const hours = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return at.toDateString() === today.toDateString() ? hours : `${two(at.getMonth() + 1)}-${two(at.getDate())} ${hours}`;
}

/** Depths for priority 10 down to 0, from a list by priority, a list of {priority, count} or an object. */
export function depths(by_priority) {
  const result = new Array(11).fill(0);
  const set = (priority, count) => {
    if (priority >= 0 && priority <= 10) result[10 - priority] = Number(count) || 0;
  };
  for (const [key, entry] of Object.entries(by_priority ?? {})) {
    if (entry !== null && typeof entry === 'object') set(Number(entry.priority), entry.count ?? entry.depth);
    else set(Number(key), entry);
  }
  return result;
}

/** The points of a line through values, oldest first, in a box; the newest at the right edge. */
export function line_points(values, capacity, width, height) {
  const top = Math.max(1, ...values);
  const step = width / (capacity - 1);
  return values.map((value, index) => {
    const x = width - (values.length - 1 - index) * step;
    const y = height - (value / top) * (height - 8);  // a little air above the highest
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
}

/** What part of the trace each node took: {start, width} in percent of the whole, at least a hair. */
export function spans(nodes) {
  const times = nodes.map((node) => ({
    start: Date.parse(node.started_at),
    length: Number(node.duration_ms) || 0,
  }));
  const known = times.filter((time) => !Number.isNaN(time.start));
  const first = Math.min(...known.map((time) => time.start));
  const whole = Math.max(1, ...known.map((time) => time.start + time.length - first));
  return times.map(({start, length}) => {
    if (Number.isNaN(start)) return {start: 0, width: 0};
    const width = Math.max(0.6, (length / whole) * 100);
    return {start: Math.min(((start - first) / whole) * 100, 100 - width), width};
  });
}
