// Making elements without any markup in strings: all that comes from the server becomes text, never HTML.

/** element('p', {class: 'muted', hidden: true}, 'text', other_element) */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function drawing(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** A bar of so many percent. Its width is set by script, as the pages allow no style in markup. */
export function meter(percent, kind = '', start = 0) {
  const inner = element('i', {class: kind});
  inner.style.width = `${Math.max(0, Math.min(100, percent))}%`;
  if (start) inner.style.marginLeft = `${start}%`;
  return element('span', {class: 'meter'}, inner);
}
