// @vitest-environment node
// Every text of the server that can reach the console has its Chinese: the sources of the server are read, and one without
// is named with its file. And what the translating layer makes of composed, foreign and hostile texts.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
// @ts-expect-error -- a tool in plain JavaScript
import { reachableTexts, root, textsOf } from '../tools/server-texts.mjs'
import work from '../src/i18n/server/zh'
import composed from '../src/i18n/server/zh/composed'
import transport from '../src/i18n/server/zh/transport'
import forms from '../src/i18n/server/zh/forms'
import { OUTCOMES } from '../src/i18n/server/zh/words'
import { Translator } from '../src/i18n/server/translate'

interface Found { text: string; file: string; line: number; calls: string }
const { texts, unusedRules } = reachableTexts() as { texts: Found[]; unusedRules: { why: string }[] }
const texted: Record<string, string> = { ...work.texts, ...forms }
const translator = new Translator({ ...work, texts: texted })
const isChinese = (text: string) => /[\u3400-\u9fff]/.test(text)
const trimmed = (text: string) => text.trim().replace(/^[;:,] /, '').replace(/[;:,]$/, '')
/** The texts between the holes of all patterns, where a piece of a text can be found. */
const pieces = Object.keys(texted)

/** Holes without names, and two that stand side by side are one. */
const plain = (text: string) => text.replace(/\{[a-z]?\}/g, '{}').replace(/(\{\}){2,}/g, '{}')
const known = new Set(pieces.map(plain))

function isTranslated(text: string): boolean {
  if ([text, trimmed(text), trimmed(text).replace(/; \{\}$/, '')].some((each) => known.has(plain(each)))) return true
  if (/^[A-Z].*\.$/.test(text)) return false
  // A piece of a text that is put together in several steps: found in one pattern of those.
  const parts = text.split('{}').map((part) => trimmed(part)).filter((part) => /[a-z]{2}/i.test(part))
  return parts.length > 0 && Object.keys(composed).some((pattern) => parts.every((part) => pattern.includes(part)))
}

describe('the catalogue', () => {
  it('has every text that can reach the console', () => {
    const missing = texts.filter((each) => !isTranslated(each.text)).map((each) => `${each.file}:${each.line}: ${JSON.stringify(each.text)}`)
    expect(missing).toEqual([])
    expect(texts.length).toBeGreaterThan(1_300)
  })
  it('has every title and remedy of an error, and every class of outcome', () => {
    const titles = readFileSync(join(root, 'docs/errors.md'), 'utf8').split('\n').filter((line) => /^\| `/.test(line)).flatMap((line) => line.split('|').slice(4, 6).map((cell) => cell.trim()))
    expect(titles.length).toBeGreaterThan(50)
    expect(titles.filter((title) => !translator.translate(title).known)).toEqual([])
    const classes = readFileSync(join(root, 'src/model/enums.hpp'), 'utf8').match(/outcome_class_names\{([^}]*)\}/)?.[1]?.match(/[a-z_]+/g) ?? []
    expect(classes.length).toBeGreaterThan(5)
    expect(classes.filter((name) => !OUTCOMES[name])).toEqual([])
  })
  it('is Chinese, with the holes of the original, and has no text that nobody says any more', () => {
    const holes = (text: string) => [...new Set([...text.matchAll(/\{([a-zA-Z])\}/g)].map((match) => (match[1] as string).toLowerCase()))].sort().join()
    expect(Object.entries(texted).filter(([text, translation]) => holes(text) !== holes(translation)).map(([text]) => text)).toEqual([])
    expect(Object.entries(texted).filter(([, translation]) => !isChinese(translation) && /[a-z]{3,} [a-z]{3,}/i.test(translation)).map(([text]) => text)).toEqual([])
    const said = texts.map((each) => each.text.replaceAll('{}', '\u0000'))
    const every = said.join('\n')
    const stale = pieces.filter((pattern) => !(pattern in composed) && !(pattern in transport)).filter((pattern) => !pattern.split(/\{[a-z]\}|; |: |, /).every((part) => part.trim().length < 4 || every.includes(part.trim())))
    expect(stale).toEqual([])
  })
  it('has half-width punctuation only where code stands', () => {
    const wrong = Object.values(texted).filter((text) => /[\u4e00-\u9fff] ?[,;:?!](?= |$|[\u4e00-\u9fff])/.test(text))
    expect(wrong).toEqual([])
    expect(Object.values(texted).filter((text) => /[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/.test(text.replace(/\{[a-zA-Z]\}/g, ' ')))).toEqual([])
  })
  it('rules out nothing that is not there', () => {
    expect(unusedRules.map((rule) => rule.why)).toEqual([])
  })
})

describe('the pages', () => {
  it('show texts of the server by ServerText or say(), never as they come', () => {
    // What the API calls its texts; descriptions of variables are the user's own.
    const RAW = /\{\{(?:(?!\}\}|say\()[^])*(\b\w*([pP]roblem|[fF]ailure|error)\??\.(message|detail|field\()|problemOf\(|\.(reason|last_error|last_detail|verdict|trouble|breaker_reason|closed_reason)\b|schema\.description|(row|each)\.description)/
    const vue = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? vue(join(folder, entry.name)) : entry.name.endsWith('.vue') ? [join(folder, entry.name)] : []))
    const raw = vue(join(root, 'web/src')).flatMap((path) => readFileSync(path, 'utf8').split('\n').map((line) => line.replace(/'[a-z-]+\.[\w.-]+'/g, '')).filter((line) => RAW.test(line)).map((line) => `${path.slice(root.length)}: ${RAW.exec(line)?.[0]}`))
    expect(raw).toEqual([])
  })
})

describe('the reader of the sources', () => {
  const read = (code: string) => (textsOf(code) as Found[]).map((each) => each.text)
  it('puts a text together, with holes for values', () => {
    expect(read('return "has " + std::to_string(text.size()) + " bytes, at most " + limit(a, b)->c + " are";')).toEqual(['has {} bytes, at most {} are'])
    expect(read('std::string("gave up after ") + n + " attempts"')).toEqual(['gave up after {} attempts'])
    expect(read('f(x + " is missing")')).toEqual(['{} is missing'])
    expect(read('"one "\n  "and two"')).toEqual(['one and two'])
  })
  it('leaves comments and characters alone, and knows escapes', () => {
    expect(read('// "not this"\n/* "nor this" */ char c = \'"\'; auto d = 1\'000; f("a \\"b\\"\\n");')).toEqual(['a "b"\n'])
  })
})

describe('translating', () => {
  const say = (text: string) => translator.translate(text).text
  it('reads reasons in several parts, with codes and values as they are', () => {
    expect(say('gave up after 5 attempts; transient 503: the provider answered HTTP 503')).toBe('尝试 5 次后放弃；暂时性故障 503：服务商返回 HTTP 503')
    expect(say('cancelled with its task')).toBe('随任务取消')
    expect(say('deliver_by passed; an earlier attempt may have arrived')).toBe('deliver_by 已过；之前的尝试可能已送达')
    expect(say('the next attempt would come after deliver_by; an earlier attempt may have arrived; rate_limited 429')).toBe('下次尝试将晚于 deliver_by；之前的尝试可能已送达；服务商限速 429')
    expect(say('trying another account; configuration auth: the mail server does not offer the login XOAUTH2; see auth')).toContain('改用其他账号；账号配置错误 auth：邮件服务器不支持登录方式 XOAUTH2')
    expect(say('closed: breaker opened: 12 of 20 calls failed in 20 s; until 2026-11-23T08:00:00Z')).toBe('暂不可用：已熔断：20 秒内 20 次调用中有 12 次失败；至 2026-11-23T08:00:00Z')
    expect(say('queue 900 of 1,000 is 90 %, over the 80 % mark: 10 → 12')).toBe('队列 900 / 1,000，占用 90 %，高于 80 % 的阈值：10 → 12')
    expect(say('api:/messages/send allows 1000 requests per second')).toBe('api:/messages/send 每秒最多允许 1000 个请求')
    expect(say('core_pool_size is 12: 5 → 12')).toBe('最小线程数为 12：5 → 12')
    expect(say('1 field is missing or wrong: must be printable ASCII without spaces or quotes, such as api:/messages/send.')).toBe('1 个字段缺失或有误：必须是不含空格和引号的可打印 ASCII 字符，例如 api:/messages/send。')
    expect(say("transient  Couldn't connect to server")).toBe('暂时性故障：无法连接服务器')
    expect(say('max_value is 0, must be 1 to 10000')).toBe('max_value 为 0，必须为 1 至 10000')
    expect(say("there is no template named 'order'; did you mean 'orders'?")).toBe('没有名为“order”的模板；是否想写“orders”？')
    expect(say('The message is delivered and cannot be cancelled.')).toBe('消息状态为“已送达”，不能取消。')
  })
  it("keeps a provider's own words", () => {
    expect(say('message_permanent isv.BUSINESS_LIMIT_CONTROL: Trigger the daily limit')).toBe('消息永久无法发送 isv.BUSINESS_LIMIT_CONTROL：Trigger the daily limit')
    expect(say('suppressed: unknown error: try later')).toBe('收件人已屏蔽：unknown error: try later')
    for (const words of ['Access denied to this account', 'Your account takes 5', 'x; y; z', '']) expect(translator.translate(words)).toEqual({ text: words, known: false })
  })
  it('makes nothing of markup, and is done with hostile texts at once', () => {
    const html = 'gave up after 5 attempts; transient 500: <img src=x onerror=alert(1)> {a} {A} $& $1'
    expect(say(html)).toBe('尝试 5 次后放弃；暂时性故障 500：<img src=x onerror=alert(1)> {a} {A} $& $1')
    const started = performance.now()
    for (const hostile of ['; '.repeat(2_000), 'closed: '.repeat(500), 'must be '.repeat(490), `${'a is b, must be c; '.repeat(11)}d`, 'The variable '.repeat(300), 'x'.repeat(1_000_000), '{a}'.repeat(1_300), 'is has must be one of '.repeat(180), 'chosen: cannot send this message: '.repeat(12) + 'a; b; '.repeat(200)]) say(hostile)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
