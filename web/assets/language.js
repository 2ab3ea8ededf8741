// Which language the page speaks: the one chosen by the switch, or else the browser's. Elements with data-text take the
// text of that key. Whoever draws by itself asks to be told of a change.
import {words} from './words.js';

const stored = 'hongyan.language';
const listeners = [];
let current = 'en';

/** "zh" if the first known of the browser's languages is Chinese, else "en". */
export function choose(languages) {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh';
    if (/^en\b/i.test(language)) return 'en';
  }
  return 'en';
}

/** The text of a key with {name} replaced; the key itself if there is none. */
export function text(key, values = {}, language = current) {
  const pattern = words[language][key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The text of prefix.word, or the word as the server gave it. */
export function word(prefix, value) {
  return words[current][`${prefix}.${value}`] ?? String(value ?? '');
}

export function language() {
  return current;
}

export function on_language(listener) {
  listeners.push(listener);
}

function read_choice() {
  try {
    return localStorage.getItem(stored);
  } catch {
    return null;  // storage may be forbidden; then the switch lasts as long as the page
  }
}

function keep_choice() {
  try {
    localStorage.setItem(stored, current);
  } catch {
    // as above
  }
}

function show() {
  document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  const title = document.querySelector('title[data-text]');
  if (title) document.title = text(title.dataset.text);
  for (const listener of listeners) listener();
}

/** Called once by each page. */
export function start_language() {
  const choice = read_choice();
  current = choice in words ? choice : choose(navigator.languages ?? [navigator.language]);
  document.getElementById('language').addEventListener('click', () => {
    current = current === 'en' ? 'zh' : 'en';
    keep_choice();
    show();
  });
  show();
}
