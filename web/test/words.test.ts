// Every word in both languages, the same placeholders in both, no key asked for that is not there, no text outside the files.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { NodeTypes, type TemplateChildNode } from '@vue/compiler-dom'
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'

type Words = { [key: string]: string | Words }
const src = join(__dirname, '../src')
const files = import.meta.glob<{ default: Words }>('../src/i18n/{zh,en}/*.ts', { eager: true })

function flatten(words: Words, prefix: string): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') flat.set(`${prefix}.${key}`, value)
    else for (const [name, text] of flatten(value, `${prefix}.${key}`)) flat.set(name, text)
  }
  return flat
}

function language(name: 'zh' | 'en'): Map<string, string> {
  const all = new Map<string, string>()
  for (const [path, file] of Object.entries(files)) {
    const match = path.match(/i18n\/(zh|en)\/(.+)\.ts$/)
    if (match?.[1] === name) for (const [key, text] of flatten(file.default, match[2] as string)) all.set(key, text)
  }
  return all
}

const zh = language('zh')
const en = language('en')
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().filter((name, index, all) => name !== all[index - 1]).join()

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'i18n' ? [] : sources(path)
    return /\.(vue|ts)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
  })
}
const all = sources(src)

describe('both languages', () => {
  it('have the same keys', () => {
    expect([...zh.keys()].filter((key) => !en.has(key))).toEqual([])
    expect([...en.keys()].filter((key) => !zh.has(key))).toEqual([])
    expect(zh.size).toBeGreaterThan(100)
  })
  it('have the same placeholders', () => {
    expect([...en].filter(([key, text]) => placeholders(text) !== placeholders(zh.get(key) ?? '')).map(([key]) => key)).toEqual([])
  })
  it('are what they say: Chinese is not left in English', () => {
    // A text with several English words and no Chinese sign was forgotten. Names, commands and code are short.
    const forgotten = [...zh].filter(([key, text]) => !/[\u3000-\u9fff]/.test(text) && /[a-z]{3,} [a-z]{3,} [a-z]{3,}/i.test(text) && text === en.get(key) && !/^(hongyan|curl) /.test(text))
    expect(forgotten.map(([key]) => key)).toEqual([])
  })
})

describe('keys', () => {
  it('that are asked for are there', () => {
    const missing: string[] = []
    for (const path of all) {
      for (const match of readFileSync(path, 'utf8').matchAll(/(?<![\w.])\$?t\(\s*'([\w.\-/?[\]]+)'/g)) {
        if (!en.has(match[1] as string)) missing.push(`${path.slice(src.length + 1)}: ${match[1]}`)
      }
    }
    expect(missing).toEqual([])
  })
})

// Names and signs that are the same in every language.
const SAME = /^(Hongyan|鸿雁|English|EN|中文|Ctrl|Esc|K|g|API|JSON|HTML|MJML|CSV|SMS|QPS|URL|ID|curl|px|ms|ok|[\d\W]*)+$/i
const READ_ATTRIBUTES = new Set(['title', 'aria-label', 'placeholder', 'alt', 'label', 'description', 'text', 'empty-title', 'empty-text', 'hint', 'content'])

function findTexts(nodes: TemplateChildNode[], found: string[]) {
  for (const node of nodes) {
    if (node.type === NodeTypes.TEXT && /[A-Za-z\u4e00-\u9fff]{2}/.test(node.content) && !SAME.test(node.content.trim())) found.push(node.content.trim())
    if (node.type !== NodeTypes.ELEMENT) continue
    if (node.tag === 'code' || node.tag === 'kbd' || node.tag === 'style') continue
    for (const prop of node.props) {
      if (prop.type === NodeTypes.ATTRIBUTE && READ_ATTRIBUTES.has(prop.name) && prop.value && /[A-Za-z\u4e00-\u9fff]{2}/.test(prop.value.content) && !SAME.test(prop.value.content) && !/^hy_/.test(prop.value.content)) found.push(`${prop.name}="${prop.value.content}"`)
    }
    findTexts(node.children, found)
  }
}

describe('templates', () => {
  it('have no text of their own', () => {
    const found: string[] = []
    for (const path of all.filter((each) => each.endsWith('.vue'))) {
      const { descriptor } = parse(readFileSync(path, 'utf8'))
      const texts: string[] = []
      if (descriptor.template?.ast) findTexts(descriptor.template.ast.children, texts)
      found.push(...texts.map((text) => `${path.slice(src.length + 1)}: ${text}`))
    }
    expect(found).toEqual([])
  })
})
