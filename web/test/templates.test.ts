// The logic of the template pages: values for previews, places of problems, drafts, the language's words, values read back.
import { describe, expect, it } from 'vitest'
import { namesIn, placeAt, tokenize } from '@/pages/templates/code/lexer'
import { draftOf, emptyDraft, findDraft, isDirty, keepDraft, previewOf, putDraft, dropDraft, requestOf, textOf, withVersion } from '@/pages/templates/draft'
import { checkSchema, exampleOf } from '@/pages/templates/jsonSchema'
import { ofField, placedProblems, rangeOf, undeclaredNames } from '@/pages/templates/problems'
import { readBack, valuesOfMessage } from '@/pages/templates/readBack'
import { starterDraft } from '@/pages/templates/starters'
import { makeLimit, TESTS_PER_MINUTE } from '@/pages/templates/testLimit'
import type { Template, Variable } from '@/pages/templates/types'
import { fits, guessType, mark, missingNames, parseValue, plainMarks, splitMarks, valuesOf, withMarks } from '@/pages/templates/variables'
import { changedFields, fieldText } from '@/pages/templates/versions/compare'
import { CHANNELS } from '@/ui/status'

const variable = (name: string, more: Partial<Variable> = {}): Variable => ({ name, type: 'string', required: true, sample: '', ...more })
const template = (more: Partial<Template> = {}): Template => ({
  id: 7, name: 'order', title: 'Order', channel: 'sms', subject: '', content: 'Hi {{ a }}', variables: [variable('a', { sample: 'x' })], status: 'active', version: 3,
  created_at: '2026-11-29T00:00:00Z', updated_at: '2026-11-29T00:00:00Z', ...more,
} as Template)

describe('values of a preview', () => {
  const declared = [variable('name', { sample: '张三', max_length: 5 }), variable('free', { sample: 'ab' }), variable('n', { type: 'integer', sample: '3' }), variable('note', { required: false, sample: 'hello' }), variable('list', { type: 'list', sample: '[1,2]', max_length: 5 }), variable('none')]
  it('typical are the samples, and what has none is left to the server', () => {
    expect(valuesOf(declared, 'typical')).toEqual({ name: '张三', free: 'ab', n: 3, note: 'hello', list: [1, 2] })
  })
  it('shortest: one character, zero, nothing where nothing need be', () => {
    expect(valuesOf(declared, 'shortest')).toEqual({ name: '张', free: 'a', n: 0, note: '', list: [1], none: 'x' })
  })
  it('longest: as long as is permitted, never longer', () => {
    const longest = valuesOf(declared, 'longest')
    expect(longest.name).toBe('张三张三张')
    expect(Array.from(longest.free as string)).toHaveLength(64)
    expect(longest.list).toEqual([1, 2, 1, 2, 1])
  })
  it('own values go before samples', () => {
    expect(valuesOf(declared, 'own', { n: '12', name: 'Li' })).toMatchObject({ n: 12, name: 'Li', free: 'ab' })
  })
  it('are checked by type', () => {
    expect(parseValue('integer', '3.5')).toBeUndefined()
    expect(parseValue('boolean', 'true')).toBe(true)
    expect(parseValue('object', '[1]')).toBeUndefined()
    expect(fits('url', 'javascript:alert(1)')).toBe(false)
    expect(fits('date', '2026-11-23')).toBe(true)
    expect(fits('date', 'soon')).toBe(false)
    expect(fits('number', '')).toBe(true)
  })
  it('guesses a type by the name', () => {
    expect([guessType('start_url'), guessType('order_date'), guessType('delivery_days'), guessType('total'), guessType('items'), guessType('is_vip'), guessType('name')]).toEqual(['url', 'date', 'integer', 'number', 'list', 'boolean', 'string'])
  })
})

describe('marks of what is missing', () => {
  it('are found again, also cut off, in capitals and in addresses', () => {
    expect(splitMarks(`Hi ${mark('name')}!`)).toEqual([{ text: 'Hi ', missing: false }, { text: 'name', missing: true }, { text: '!', missing: false }])
    expect(splitMarks(mark('name').toUpperCase())).toEqual([{ text: 'NAME', missing: true }])
    expect(splitMarks(mark('name').slice(0, 3))).toEqual([{ text: 'na', missing: true }])
    expect(plainMarks(`https://x/?q=${encodeURIComponent(mark('q'))}`)).toBe('https://x/?q=⟦q⟧')
  })
  it('stand in declarations of what has no sample and of what is not declared', () => {
    const declared = [variable('a', { sample: 'x' }), variable('b', { max_length: 2 }), variable('n', { type: 'integer' })]
    expect(missingNames(declared, valuesOf(declared, 'typical'))).toEqual(['b', 'n'])
    const some = withMarks(declared, ['b', 'n'], ['z'], false)
    expect(some.map((each) => each.name)).toEqual(['a', 'b', 'n', 'z'])
    expect(some[1]).toEqual({ name: 'b', type: 'string', required: true, sample: mark('b') })
    expect(some[2]?.type).toBe('integer')
    expect(withMarks(declared, ['b', 'n'], [], true)[2]?.type).toBe('string')
  })
})

describe('problems of the server', () => {
  const problems = placedProblems({ type: '', title: '', status: 422, detail: '', code: 42203, request_id: '', errors: [
    { path: '$.template.content', code: 'unknown_filter', detail: "2:4: there is no filter 'uper'" },
    { path: '$.variables[1].sample', code: 'type', detail: 'does not fit' },
    { path: '$.template.options.aliyun.params.a', code: 'undeclared', detail: "1:4: the variable 'zz' is not declared; did you mean 'z'?" },
  ] })
  it('are sorted by field, with their place', () => {
    expect(problems.map((problem) => problem.field)).toEqual(['content', 'variables[1].sample', 'options.aliyun.params.a'])
    expect(problems[0]).toMatchObject({ line: 2, column: 4, text: "there is no filter 'uper'" })
    expect(ofField(problems, 'variables')).toHaveLength(1)
    expect(ofField(problems, 'options.aliyun')).toHaveLength(1)
    expect(ofField(problems, 'opt')).toHaveLength(0)
    expect(undeclaredNames(problems)).toEqual(['zz'])
  })
  it('are underlined at the character, also behind signs of two units', () => {
    const text = 'ok\n😀😀 {{ nmae }}'
    const { from, to } = rangeOf(text, 2, 7)
    expect(text.slice(from, to)).toBe('nmae')
    expect(rangeOf(text, 99, 99).to).toBeLessThanOrEqual(text.length)
    expect(rangeOf('', 1, 1)).toEqual({ from: 0, to: 0 })
  })
})

describe('drafts', () => {
  it('make the request that leaves nothing behind', () => {
    const draft = draftOf(template({ options: { smpp: { flash: true } }, on_unknown: 'hold' } as unknown as Partial<Template>))
    draft.options = {}
    draft.on_unknown = ''
    expect(requestOf(draft, false)).toMatchObject({ name: 'order', options: {}, on_unknown: null, content: 'Hi {{ a }}' })
    expect(requestOf(draft, false)).not.toHaveProperty('design')
    expect(requestOf(draft, true)).toHaveProperty('design', '')
    expect(previewOf({ ...draft, channel: 'sms', html: '<p>' })).not.toHaveProperty('html')
  })
  it('know whether they were changed, and survive a reload', () => {
    const draft = draftOf(template())
    const held = putDraft('7', { draft, saved: textOf(draft), base: template() })
    expect(isDirty(held)).toBe(false)
    keepDraft('7', held)
    expect(sessionStorage.getItem('hongyan.template.7')).toBeNull()
    held.draft.content = 'changed'
    expect(isDirty(held)).toBe(true)
    keepDraft('7', held)
    const text = sessionStorage.getItem('hongyan.template.7') as string
    dropDraft('7')
    expect(findDraft('7')).toBeUndefined()
    sessionStorage.setItem('hongyan.template.7', text)
    expect(findDraft('7')?.draft.content).toBe('changed')
    dropDraft('7')
    sessionStorage.setItem('hongyan.template.7', '{"draft":{}}')
    expect(findDraft('7')).toBeUndefined()
  })
  it('take over a version and keep the rest', () => {
    const draft = { ...draftOf(template()), title: 'Mine', status: 'disabled' as const }
    const back = withVersion(draft, { version: 1, subject: 's', content: 'old', variables: [], created_at: '' } as never)
    expect(back).toMatchObject({ title: 'Mine', status: 'disabled', content: 'old', subject: 's', variables: [], html: '', design: '' })
  })
  it('begin with something of the channel in both languages', () => {
    for (const channel of CHANNELS) for (const language of ['zh', 'en'] as const) {
      const draft = starterDraft(channel, language)
      expect(draft.content).not.toBe('')
      const used = namesIn(`${draft.subject}\n${draft.content}\n${draft.html}\n${JSON.stringify(draft.options)}`)
      const declared = draft.variables.map((each) => each.name)
      expect(used.filter((name) => !declared.includes(name))).toEqual([])
    }
    expect(emptyDraft('sms').variables).toEqual([])
  })
})

describe('the words of the language', () => {
  const kinds = (text: string) => tokenize(text).map((token) => `${token.kind}:${text.slice(token.from, token.to)}`)
  it('are found inside tags only', () => {
    expect(kinds('a {{ order.no | default("x") }} if')).toEqual(['brace:{{', 'name:order', 'operator:.', 'member:no', 'operator:|', 'filter:default', 'operator:(', 'text:"x"', 'operator:)', 'brace:}}'])
    expect(kinds('{% if a >= 3 %}')).toEqual(['brace:{%', 'keyword:if', 'name:a', 'operator:>=', 'number:3', 'brace:%}'])
    expect(kinds('{"json": 1}')).toEqual([])
    expect(kinds('{# no #}{% raw %}{{x}}{% endraw %}').filter((kind) => kind.startsWith('name'))).toEqual([])
  })
  it('forgive what is half typed', () => {
    for (const text of ['{{', '{{ a', '{% if', '{{ "a', '{#', '{% raw %}{{', '{{ a | ', '\u{1F600}{{ é }}']) expect(() => tokenize(text)).not.toThrow()
  })
  it('stay in order and inside the text, whatever is typed', () => {
    let seed = 7
    const signs = ['{{', '}}', '{%', '%}', '{#', '#}', ' ', 'a', '"', "'", '|', '.', '\n', '😀', 'raw', 'endraw', '1']
    for (let round = 0; round < 2_000; round += 1) {
      let text = ''
      for (let at = 0; at < 14; at += 1) { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; text += signs[seed % signs.length] }
      let before = 0
      for (const token of tokenize(text)) {
        expect(token.from).toBeGreaterThanOrEqual(before)
        expect(token.to).toBeGreaterThan(token.from)
        expect(token.to).toBeLessThanOrEqual(text.length)
        before = token.from
      }
    }
  })
  it('say what may be completed', () => {
    expect(placeAt('{{ na', 5)).toEqual({ kind: 'expression', from: 3 })
    expect(placeAt('{{ name | up', 12)).toEqual({ kind: 'filter', from: 10 })
    expect(placeAt('{% i', 4)).toEqual({ kind: 'statement', from: 3 })
    expect(placeAt('{{ a }} b', 9)).toBeUndefined()
    expect(placeAt('{{ a.', 5)).toBeUndefined()
  })
  it('name what is read, not what loops bring', () => {
    expect(namesIn('{% for item in items %}{{ item.name }}{{ loop.index }}{% endfor %}{{ total | number(2) }}')).toEqual(['items', 'total'])
  })
})

describe('options by schema', () => {
  const schema = { type: 'object', properties: { code: { type: ['string', 'null'], maxLength: 4 }, n: { type: 'integer', minimum: 0, maximum: 9 }, kind: { type: 'string', enum: ['a', 'b'] }, params: { type: 'object', additionalProperties: { type: 'string' } }, of: { oneOf: [{ $ref: '#/$defs/Sub' }, { type: 'null' }] } }, required: ['code'], additionalProperties: false, $defs: { Sub: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } } }
  it('tells what is wrong, where', () => {
    expect(checkSchema({ code: 'abcde', n: 12, kind: 'c', params: { a: 1 }, of: {}, more: 1 }, schema).map((each) => `${each.path} ${each.key}`)).toEqual(['code length', 'n range', 'kind enum', 'params.a type', 'of.id required', 'more unknown'])
    expect(checkSchema({}, schema)).toEqual([{ path: 'code', key: 'required', detail: '' }])
  })
  it('leaves texts with variables to the server', () => {
    expect(checkSchema({ code: '{{ a_long_name }}', n: '{{ n }}', of: null }, schema)).toEqual([])
  })
  it('is not fooled by names of every object', () => {
    expect(checkSchema(JSON.parse('{"code":"a","constructor":1}'), schema).map((each) => each.path)).toEqual(['constructor'])
  })
  it('offers something to begin with', () => {
    expect(exampleOf(schema.properties.of, schema)).toEqual({ id: '' })
    expect(exampleOf(schema.properties.kind, schema)).toBe('a')
  })
})

describe('values of a past message', () => {
  it('are read back where the text leaves no doubt', () => {
    expect(readBack('Order {{ no }} for {{name}}: {{ no }}.', 'Order A1 for Lin: A1.')).toEqual({ no: 'A1', name: 'Lin' })
    expect(readBack('{{ a }}', '')).toEqual({ a: '' })
    expect(readBack('验证码 {{ code }}，{{ who }}', '验证码 4829，阿强，你好')).toEqual({ code: '4829', who: '阿强，你好' })
    expect(readBack('no variables', 'no variables')).toEqual({})
  })
  it('are not guessed', () => {
    expect(readBack('{{ a }}{{ b }}', 'xy')).toBeUndefined()
    expect(readBack('{{ a | upper }}', 'X')).toBeUndefined()
    expect(readBack('{% if a %}x{% endif %}', 'x')).toBeUndefined()
    expect(readBack('Hi {{ a }}!', 'Hello A!')).toBeUndefined()
    expect(readBack('{{ a }} and {{ a }}', 'x and y')).toBeUndefined()
    expect(readBack('Hi {{ a }}', 'H')).toBeUndefined()
  })
  it('come from the subject where the text does not tell them', () => {
    expect(valuesOfMessage({ subject: 'For {{ who }}', content: '{{ n | round }}' }, { subject: 'For Ann', content: '3' })).toEqual({ who: 'Ann' })
    expect(valuesOfMessage({ subject: '', content: '{{ n | round }}' }, { content: '3' })).toBeUndefined()
  })
})

describe('tests to oneself', () => {
  it('are few a minute', () => {
    let now = 1_000_000
    sessionStorage.clear()
    const limit = makeLimit(sessionStorage, () => now)
    for (let sent = 0; sent < TESTS_PER_MINUTE; sent += 1) { expect(limit.secondsToWait()).toBe(0); limit.note() }
    expect(limit.secondsToWait()).toBe(60)
    now += 61_000
    expect(limit.secondsToWait()).toBe(0)
    sessionStorage.setItem('hongyan.tests', '{broken')
    expect(limit.secondsToWait()).toBe(0)
  })
})

describe('versions', () => {
  const texts = { subject: '', content: 'a', variables: [variable('x', { sample: '1', max_length: 3 })], options: { b: 1, a: { d: 1, c: 2 } } }
  it('differ by field, whatever the order of members', () => {
    expect(changedFields(texts, { ...texts, options: { a: { c: 2, d: 1 }, b: 1 } })).toEqual([])
    expect(changedFields(texts, { ...texts, content: 'b', html: '<p>', variables: [variable('x', { sample: '2', max_length: 3 })] })).toEqual(['content', 'html', 'variables'])
    expect(fieldText(texts, 'variables')).toBe('x: string ≤ 3 = 1')
  })
})
