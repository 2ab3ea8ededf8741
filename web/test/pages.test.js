// Rules that hold for every page: both languages complete, nothing from outside, nothing that the
// Content-Security-Policy (default-src 'self') would refuse.
import assert from 'node:assert/strict';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';

import {choose, text} from '../assets/language.js';
import {words} from '../assets/words.js';

const web = new URL('..', import.meta.url);
const read = (folder) => readdirSync(new URL(folder, web)).map((name) => [name, readFileSync(new URL(folder + name, web), 'utf8')]);
const pages = read('pages/');
const assets = read('assets/');
const scripts = assets.filter(([name]) => name.endsWith('.js'));

test('both languages have the same texts with the same values', () => {
  assert.deepEqual(Object.keys(words.zh).sort(), Object.keys(words.en).sort());
  const values = (pattern) => (pattern.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(words.en)) {
    assert.deepEqual(values(words.zh[key]), values(words.en[key]), key);
    assert.ok(words.zh[key].length > 0 && words.en[key].length > 0, key);
  }
});

test('the browser languages choose, and others get English', () => {
  assert.equal(choose(['zh-CN', 'en']), 'zh');
  assert.equal(choose(['fr', 'zh-TW']), 'zh');
  assert.equal(choose(['en-US', 'zh']), 'en');
  assert.equal(choose(['fr']), 'en');
  assert.equal(choose([]), 'en');
});

test('a text takes its values and says its key where it is unknown', () => {
  assert.equal(text('state.failed', {status: 500}, 'en'), 'The server answered 500; trying again');
  assert.equal(text('no.such', {}, 'zh'), 'no.such');
});

test('every text that a page or script names exists', () => {
  const named = (source, pattern) => [...source.matchAll(pattern)].map((match) => match[1]);
  for (const [name, source] of pages) {
    for (const key of named(source, /data-text="([^"]+)"/g)) assert.ok(key in words.en, `${name}: ${key}`);
  }
  for (const [name, source] of scripts) {
    for (const key of named(source, /\btext\('([^']+)'/g)) assert.ok(key in words.en, `${name}: ${key}`);
  }
});

test('pages hold no script or style of their own', () => {
  for (const [name, source] of pages) {
    assert.doesNotMatch(source, /<script(?![^>]*\bsrc=)/, name);
    assert.doesNotMatch(source, /<style|\sstyle=|\son\w+=|javascript:/i, name);
  }
});

test('nothing is fetched from another host', () => {
  for (const [name, source] of [...pages, ...assets]) {
    const plain = source.replaceAll('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(plain, /https?:\/\/[a-z]|["'(]\/\/[a-z]/i, name);
    assert.doesNotMatch(plain, /url\(\s*["']?data:/, name);
  }
});

test('scripts never turn text into markup', () => {
  for (const [name, source] of scripts) {
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, name);
  }
});

test('every asset that a page names exists', () => {
  const swagger = new URL('node_modules/swagger-ui-dist/', web);
  for (const [name, source] of pages) {
    for (const [, path] of source.matchAll(/(?:src|href)="\/assets\/([^"]+)"/g)) {
      const file = path.startsWith('swagger/') ? new URL(path.slice('swagger/'.length), swagger) : new URL(`assets/${path}`, web);
      assert.ok(existsSync(file), `${name}: ${path}`);
    }
  }
});

test('every script imports only what exists', async () => {
  for (const [name, source] of scripts) {
    for (const [, list, from] of source.matchAll(/import \{([^}]+)\} from '\.\/([^']+)'/g)) {
      const other = readFileSync(new URL(`assets/${from}`, web), 'utf8');
      for (const word of list.split(',').map((part) => part.trim())) {
        assert.match(other, new RegExp(`export (async )?(const|function|class) ${word}\\b`), `${name}: ${word}`);
      }
    }
  }
});
