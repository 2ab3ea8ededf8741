// Which texts of the server a person can meet in the console: read from the C++ sources, so that none is forgotten when the
// texts are translated (test/server-texts.test.ts). A text that is put together, "gave up after " + n + " attempts", is found
// as one with holes: "gave up after {} attempts". To see those without a translation: npx vitest run test/server-texts
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** What never reaches the console: by file, or by file and the calls around the text. Each with its reason. */
export const NEVER = [
  { file: /_(test|fuzz|bench)\.[ch]pp$|\/testing\/|test_(support|server|parts)|sample_test/, why: 'tests' },
  { file: /^src\/universe\//, why: "what the simulated providers answer: a provider's own words are kept" },
  { file: /^src\/app\//, why: 'the command line speaks English' },
  { file: /^src\/config\/(?!setting_table)/, why: 'a wrong configuration stops the start: told on the terminal' },
  { file: /^src\/config\/setting_table/, from: 260, why: 'how a wrong value is told on the terminal' },
  { file: /^src\/base\/(assert|signing_cipher|address_guard)/, why: 'a defect of the program or of its start; in the log' },
  { file: /^src\/http\/(listener|head_scan|request_parser|response_writer|static_files|web_socket|socket_session|parse)/, why: 'malformed HTTP, or before the start: no browser sends it' },
  { file: /^src\/engine\/(rabbitmq\/(?!link\.cpp)|redis\/(?!(client|link|limiter|coordination)\.cpp)|local\/(?!coordination)|open\/)/, why: 'in the log, in /readyz and in `hongyan doctor`' },
  { file: /^src\/engine\/redis\/coordination/, around: /\bwords$/, why: 'words that are looked for' },
  { file: /^src\/engine\/postgres\/(connection|inspect|copy)/, why: "start and log; the database's own words" },
  { file: /^src\/engine\/sqlite\/(backup|checkpointer|data_lock)/, why: 'the command line and the log' },
  { file: /^src\/engine\/curl\/(transfer|test_server)/, around: /\b(set|strstr|contains|find|namespace)$/, why: "words of libcurl that are looked for" },
  { file: /^src\/(jobs|table)\//, around: /\b(republish|error|on_dead|StoreError|run|warn|info)$/, why: 'in the log' },
  { file: /^src\/table\/rule_changes/, around: /\b(object|field)$/, why: 'how rows are kept in the table; never shown' },
  { file: /^src\/table\/(transfer|migrate)/, why: 'the command line' },
  { file: /^src\/api\//, around: /\b(field|object|example|default_value|gauge|counter|add_by_channel|plain|read|document|begins?|get_header)\b/, but: /make_error|problem|complain|StoreError/, why: "the API's documentation at /docs" },
  { file: /^src\/api\/(openapi|metrics|engine_metrics|callbacks|rule_changes|demo\.cpp:179)/, but: /make_error/, why: "the API's documentation, or the metrics" },
  { file: /./, around: /\b(example|example_json|default_value|pattern|HY_ASSERT|static_assert|assert|log_|debug|execute|query|starts_with|ends_with|find|contains|has|worded|sha256|hkdf_sha256)$/, why: 'an example, a value, SQL or a word that is looked for' },
  { file: /^src\/channel\/[^/]+\/(callback|event|receipts?|core_receipts|callback_guard|node)\b/, around: /\b(make_error|refused|refuse|malformed|XmlReader|object|field)\b/, why: 'told to the provider that reports' },
  { file: /^src\/channel\/.*\/(?!settings|options|mail_settings|mail_options)[a-z_]+\.[ch]pp$/, around: /\b(object|field)$/, why: "members of a provider's answer; never shown" },
  { file: /^src\/channel\/mail\/(bounce_words|mime_reader|reference|html_text|smtp_reply\.|returned_mail)/, why: 'words that are looked for in returned mails and answers' },
  { file: /^src\/channel\/mail\/(account|bounce)\./, around: /\b(make_error|refuse)$/, why: 'told to who posts a returned mail' },
  { file: /^src\/channel\/smpp\/pdu/, why: 'told to the message centre' },
  { file: /^src\/engine\/sqlite\/statement/, why: 'a defect of the program; in the log' },
  { file: /^src\/render\/filter\.cpp/, around: /\bFilter$/, why: "the filters' help is the console's own" },
  { file: /^src\/render\/testing/, why: 'tests' },
  { file: /^src\/(table|contract)\//, around: /\bStoreError$/, why: 'in the log' },
  { file: /^src\/kit\/standard_webhooks/, around: /make_error$/, why: 'told to who sends a webhook' },
]

/** Texts by themselves, and why they need no translation. */
export const VERBATIM = [
  [/^(?![A-Z][A-Za-z]+\.$)[\w.:/{}?&=<>%+,;-]+$/, 'one word, an address or a value'],
  [/^ ?(SELECT|INSERT|DELETE|UPDATE|WITH|CREATE|WHERE|ORDER|AND|OR|FROM|PRAGMA|ALTER|SET|DROP|JOIN|LEFT|LIMIT|BEGIN|COPY|SAVEPOINT|ROLLBACK|RELEASE|CASE|CAST|WHEN|GROUP)\b/, 'SQL'],
  [/\b(SELECT|FROM|WHERE|CASE WHEN|IS NULL|NOT IN|status IN|COALESCE)\b/, 'SQL'],
  [/^[\w.]+ (=|<|>|<=|>=)$|^(\w+ \()?([\w.]*_\w+|id|e\.id), [\w., ]+\)?$/, 'columns of SQL'],
  [/\bAS (step|entry)\b|\$\d|status = '|UNION ALL|\bm\.\w+/, 'SQL'],
  [/\|.*\|/, 'words that are looked for'],
  [/^ ?<[!a-z?]|\u4e00|[\u4e00-\u9fff].*\{\{|send read manage admin|^x?\d+template|Demo message|^vapid t=|user=\{\}|DKIM-Signature/, 'markup, a sample, or what is signed'],
  [/^(Bearer |bearer |Basic |Content-[A-Z][a-z-]+: |X-|Cache-|Connection: |[a-z-]+\/[a-z-]+;)/, 'a header of HTTP'],
]

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.(cpp|hpp)$/.test(entry.name) ? [path] : []
  }).sort()
}

const ESCAPES = { n: '\n', t: '\t', r: '\r', 0: '\0' }

/** The tokens of C++: texts, characters, names and signs; comments are left out. */
export function tokensOf(code) {
  const tokens = []
  let line = 1
  for (let i = 0; i < code.length;) {
    const sign = code[i]
    if (sign === '\n') line++
    if (/\s/.test(sign)) { i++; continue }
    if (code.startsWith('//', i)) { i = code.indexOf('\n', i); if (i < 0) break; continue }
    if (code.startsWith('/*', i)) { const end = code.indexOf('*/', i) + 2; line += code.slice(i, end).split('\n').length - 1; i = end; continue }
    const raw = /^(?:u8|u|L)?R"([^(]{0,16})\(/.exec(code.slice(i, i + 24))
    if (raw) {
      const start = i + raw[0].length
      const end = code.indexOf(`)${raw[1]}"`, start)
      tokens.push({ kind: 'raw', value: code.slice(start, end), line })
      line += code.slice(start, end).split('\n').length - 1
      i = end + raw[1].length + 2
    } else if (sign === '"' || sign === "'") {
      let value = ''
      for (i++; code[i] !== sign; i++) {
        if (code[i] !== '\\') value += code[i]
        else value += ESCAPES[code[++i]] ?? code[i]
      }
      i++
      if (sign === '"') while (/[a-z_]/.test(code[i] ?? '')) i++
      tokens.push({ kind: sign === '"' ? 'text' : 'char', value, line })
    } else {
      const name = /^(?:[A-Za-z_]\w*|\d[\w.']*)/.exec(code.slice(i, i + 120))
      tokens.push({ kind: name ? 'name' : 'sign', value: name?.[0] ?? sign, line })
      i += name?.[0].length ?? 1
    }
  }
  return tokens
}

function afterBracket(tokens, at) {
  for (let depth = 0; at < tokens.length; at++) {
    if (tokens[at].kind !== 'sign') continue
    if ('([{'.includes(tokens[at].value)) depth++
    else if (')]}'.includes(tokens[at].value) && --depth === 0) return at + 1
  }
  return at
}

/** Where the operand that begins at `at` ends: a.b(c)->d<e>(f)[g] */
function afterOperand(tokens, at) {
  const is = (index, sign) => tokens[index]?.kind === 'sign' && tokens[index].value === sign
  while (tokens[at]?.kind === 'sign' && '*&!-'.includes(tokens[at].value)) at++
  if (!tokens[at]) return at
  if (tokens[at].kind === 'sign') return '([{'.includes(tokens[at].value) ? afterBracket(tokens, at) : at
  at++
  for (;;) {
    if (is(at, '(') || is(at, '[') || is(at, '{')) at = afterBracket(tokens, at)
    else if (is(at, ':') && is(at + 1, ':')) at += 3
    else if (is(at, '.')) at += 2
    else if (is(at, '-') && is(at + 1, '>')) at += 3
    else if (is(at, '<')) {
      let end = at + 1
      while (end < at + 12 && tokens[end] && (tokens[end].kind === 'name' || ':,'.includes(tokens[end].value))) end++
      if (!is(end, '>') || !(is(end + 1, '(') || is(end + 1, '{'))) return at
      at = end + 1
    } else return at
  }
}

/** The calls around each token, outermost first. */
function callsAround(tokens) {
  const open = []
  return tokens.map((token, at) => {
    const around = open.filter(Boolean).slice(-5)
    if (token.kind !== 'sign') return around
    if ('([{'.includes(token.value)) {
      let before = at - 1
      if (tokens[before]?.value === '>') {
        for (let depth = 0; before > 0; before--) {
          if (tokens[before].value === '>') depth++
          if (tokens[before].value === '<' && --depth === 0) break
        }
        before--
      }
      open.push(token.value !== '[' && tokens[before]?.kind === 'name' ? tokens[before].value : '')
    } else if (')]}'.includes(token.value)) open.pop()
    return around
  })
}

/** Every text of a source, put together where it is added up with values: those are holes, "{}". */
export function textsOf(code) {
  const tokens = tokensOf(code)
  const around = callsAround(tokens)
  const used = new Set()
  const texts = []
  const is = (at, sign) => tokens[at]?.kind === 'sign' && tokens[at].value === sign
  tokens.forEach((token, first) => {
    if (token.kind !== 'text' || used.has(first) || tokens[first - 1]?.value === 'include') return
    let at = first
    let text = is(first - 1, '+') ? '{}' : ''
    const literals = () => { for (; tokens[at]?.kind === 'text' || tokens[at]?.kind === 'raw'; at++) { text += tokens[at].value; used.add(at) } }
    // std::string("...") + ...
    const inString = (open) => (is(open, '(') || is(open, '{')) && /^string(_view)?$/.test(tokens[open - 1]?.value ?? '')
    literals()
    if (inString(first - 1) && (is(at, ')') || is(at, '}'))) {
      at++
      if (is(first - 5, '+')) text = `{}${text}`
    }
    while (is(at, '+') && !is(at + 1, '=')) {
      at++
      if (tokens[at]?.kind === 'text') literals()
      else if (tokens[at]?.value === 'std' && inString(at + 4) && tokens[at + 5]?.kind === 'text') { at += 5; literals(); at++ }
      else if (tokens[at]?.kind === 'char') text += tokens[at++].value
      else {
        const end = afterOperand(tokens, at)
        text += '{}'
        if (end === at) break
        at = end
      }
    }
    texts.push({ text, line: token.line, around: around[first], field: is(first - 1, '=') && is(first - 3, '.') ? tokens[first - 2].value : '' })
  })
  return texts
}

/** Words a person reads: at least two of them, the first in small letters or like a sentence. */
const isReadable = (text) => /^[A-Z][A-Za-z -]+[.]$|[A-Za-z]{2,}[ ,;:'’)]+[({'"]?[A-Za-z{]|[a-z]{2,} [^a-zA-Z]/.test(text) && /[a-z]{2}/.test(text.replace(/\{\}/g, ''))

/** All that reaches the console: { text, file, line }, each text once. */
export function reachableTexts(folder = join(root, 'src')) {
  const found = new Map()
  const usedRules = new Set()
  for (const path of sources(folder)) {
    const file = relative(root, path).replaceAll('\\', '/')
    const whole = NEVER.find((rule) => !rule.around && !rule.but && !rule.from && rule.file.test(file))
    if (whole) { usedRules.add(whole); continue }
    for (const each of textsOf(readFileSync(path, 'utf8'))) {
      if (!isReadable(each.text) || found.has(each.text)) continue
      if (VERBATIM.some(([pattern]) => pattern.test(each.text.trim()))) continue
      const calls = each.around.join('>')
      const rule = NEVER.find((one) => (one.around || one.but || one.from) && one.file.test(file) && (!one.around || one.around.test(calls)) && (!one.but || !one.but.test(calls)) && (!one.from || each.line >= one.from))
      if (rule) { usedRules.add(rule); continue }
      if (/^src\/api\//.test(file) && (each.field === 'summary' || each.field === 'description')) continue
      found.set(each.text, { text: each.text, file, line: each.line, calls })
    }
  }
  return { texts: [...found.values()], unusedRules: NEVER.filter((rule) => !usedRules.has(rule)) }
}
