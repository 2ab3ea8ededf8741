// What a receiver sees, made of a preview's texts and provider sections: one shape for each kind of picture. Everything is read
// with suspicion: sections hold what people typed.
import type { Options, Preview } from '../types'

export type Json = Record<string, unknown>
export const asObject = (value: unknown): Json => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : {})
export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const asText = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

export function jsonObject(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

/** The provider sections that are filled in, and the one of the given names that comes first. */
export function section(options: Options | undefined, names: string[]): { name: string; values: Json } {
  const all = asObject(options)
  const name = names.find((each) => all[each] !== undefined) ?? names[0] ?? ''
  return { name, values: asObject(all[name]) }
}

export interface CardButton { text: string; kind: 'primary' | 'danger' | 'default'; href: string }
export type CardPart =
  | { kind: 'text'; text: string; markdown: boolean }
  | { kind: 'fields'; fields: { text: string; short: boolean }[] }
  | { kind: 'rule' }
  | { kind: 'image'; alt: string }
  | { kind: 'note'; text: string }
  | { kind: 'buttons'; buttons: CardButton[] }
  | { kind: 'columns'; columns: CardPart[][] }
  | { kind: 'other'; name: string }
export interface Card { title: string; subtitle: string; colour: string; parts: CardPart[] }

const DEPTH_MAX = 6
const PARTS_MAX = 100

function cardText(value: unknown): { text: string; markdown: boolean } {
  const object = asObject(value)
  return { text: asText(object.content) || asText(value), markdown: object.tag === 'lark_md' || object.tag === 'markdown' }
}

function buttonOf(value: unknown): CardButton {
  const button = asObject(value)
  const type = asText(button.type)
  const behaviour = asObject(asList(button.behaviors)[0])
  return {
    text: cardText(button.text).text, kind: /primary/.test(type) ? 'primary' : /danger/.test(type) ? 'danger' : 'default',
    href: asText(button.url) || asText(asObject(button.multi_url).url) || asText(behaviour.default_url),
  }
}

function partsOf(elements: unknown, depth = 0): CardPart[] {
  if (depth > DEPTH_MAX) return []
  const parts: CardPart[] = []
  for (const each of asList(elements).slice(0, PARTS_MAX)) {
    const element = asObject(each)
    const tag = asText(element.tag)
    if (tag === 'div') {
      if (element.text) parts.push({ kind: 'text', ...cardText(element.text) })
      if (element.fields) parts.push({ kind: 'fields', fields: asList(element.fields).map((field) => ({ text: cardText(asObject(field).text).text, short: asObject(field).is_short === true })) })
    } else if (tag === 'markdown') parts.push({ kind: 'text', text: asText(element.content), markdown: true })
    else if (tag === 'plain_text') parts.push({ kind: 'text', text: asText(element.content), markdown: false })
    else if (tag === 'hr') parts.push({ kind: 'rule' })
    else if (tag === 'img') parts.push({ kind: 'image', alt: cardText(element.alt).text })
    else if (tag === 'note') parts.push({ kind: 'note', text: asList(element.elements).map((part) => cardText(part).text).join(' ') })
    else if (tag === 'button') parts.push({ kind: 'buttons', buttons: [buttonOf(element)] })
    else if (tag === 'action') parts.push({ kind: 'buttons', buttons: asList(element.actions).map(buttonOf) })
    else if (tag === 'column_set') parts.push({ kind: 'columns', columns: asList(element.columns).map((column) => partsOf(asObject(column).elements, depth + 1)) })
    else parts.push({ kind: 'other', name: tag || '?' })
  }
  return parts
}

export function feishuCard(value: Json): Card {
  const header = asObject(value.header)
  const body = asObject(value.body)
  return { title: cardText(header.title).text, subtitle: cardText(header.subtitle).text, colour: asText(header.template), parts: partsOf(value.elements ?? body.elements ?? asObject(value.i18n_elements).zh_cn) }
}

/** A post of Feishu: lines of pieces, as Markdown. */
export function feishuPost(value: Json): { title: string; text: string } {
  const language = asObject(value.zh_cn ?? value.en_us ?? Object.values(value)[0])
  const lines = asList(language.content).map((line) => asList(line).map((piece) => {
    const part = asObject(piece)
    if (part.tag === 'a') return `[${asText(part.text)}](${asText(part.href)})`
    if (part.tag === 'at') return `@${asText(part.user_name) || asText(part.user_id)}`
    return asText(part.text)
  }).join(''))
  return { title: asText(language.title), text: lines.join('\n') }
}

export type FeishuView = { kind: 'text'; text: string; mention: string[] } | { kind: 'post'; title: string; text: string; markdown: boolean } | { kind: 'card'; card: Card }

/** As src/channel/feishu decides: what the section says, else a post where there is a subject and a text where there is none. */
export function feishuView(preview: Preview): FeishuView {
  const { values } = section(preview.options as Options, ['feishu', 'feishu_robot'])
  const card = asObject(values.card)
  if (Object.keys(card).length) return { kind: 'card', card: feishuCard(card) }
  const own = jsonObject(preview.content)
  if (own && (own.elements || own.header || own.body)) return { kind: 'card', card: feishuCard(own) }
  if (Object.keys(asObject(values.post)).length) return { kind: 'post', ...feishuPost(asObject(values.post)), markdown: true }
  const title = asText(values.title) || preview.subject
  if (asText(values.msg_type) === 'post' || (title && asText(values.msg_type) !== 'text')) return { kind: 'post', title, text: preview.content, markdown: false }
  return { kind: 'text', text: preview.content, mention: asList(values.mention).map(asText) }
}

export interface WechatView { kind: 'template' | 'text' | 'markdown' | 'textcard' | 'news'; title: string; text: string; rows: { key: string; value: string }[]; footer: string; program: boolean; articles: { title: string; text: string }[] }

export function wechatView(preview: Preview, fallbackTitle: string): WechatView {
  const { name, values } = section(preview.options as Options, ['wechat', 'wechat_subscribe', 'wecom', 'wecom_robot'])
  const view: WechatView = { kind: 'text', title: preview.subject || fallbackTitle, text: preview.content, rows: [], footer: asText(values.url) || asText(values.page), program: Object.keys(asObject(values.miniprogram)).length > 0 || name === 'wechat_subscribe', articles: [] }
  const own = jsonObject(preview.content)
  const data = Object.keys(asObject(values.data)).length ? asObject(values.data) : asObject(own?.data ?? own)
  const hasWecom = name.startsWith('wecom')
  if (!hasWecom) {
    view.kind = 'template'
    view.rows = Object.entries(data).map(([key, value]) => ({ key, value: asText(asObject(value).value) || asText(value) }))
    if (view.rows.length && own) view.text = ''
    return view
  }
  const type = asText(values.msg_type)
  view.articles = asList(values.articles).map((article) => ({ title: asText(asObject(article).title), text: asText(asObject(article).description) }))
  if (view.articles.length) view.kind = 'news'
  else if (type.startsWith('markdown')) view.kind = 'markdown'
  else if (type === 'textcard' || asText(values.url)) view.kind = 'textcard'
  view.title = asText(values.title) || preview.subject || fallbackTitle
  view.footer = asText(values.button_text)
  return view
}

export interface NoticeView { title: string; subtitle: string; body: string; big: string; image: boolean; badge: string }

export function noticeView(preview: Preview): NoticeView {
  const { values } = section(preview.options as Options, ['apns', 'fcm', 'jpush', 'getui', 'web_push'])
  const own = jsonObject(preview.content)
  const body = own ? asText(own.body) || asText(own.content) || asText(own.alert) : preview.content
  return {
    title: asText(values.title) || (own ? asText(own.title) : '') || preview.subject, subtitle: asText(values.subtitle), body,
    big: asText(values.big_text) || body, image: asText(values.image) !== '', badge: asText(values.badge),
  }
}

export interface ChatPart { kind: 'text' | 'heading' | 'note'; text: string }
export type ChatView = { title: string; parts: (ChatPart | { kind: 'rule' } | { kind: 'fields'; fields: string[] } | { kind: 'buttons'; buttons: CardButton[] } | { kind: 'image'; alt: string })[]; markup: boolean }

const blockText = (value: unknown) => asText(asObject(value).text)

/** Slack: the blocks of the section, else subject and content; then & < > stand for themselves unless mrkdwn is on. */
export function slackView(preview: Preview): ChatView {
  const { values } = section(preview.options as Options, ['slack'])
  const parts: ChatView['parts'] = []
  for (const each of asList(values.blocks).slice(0, 50)) {
    const block = asObject(each)
    if (block.type === 'header') parts.push({ kind: 'heading', text: blockText(block.text) })
    else if (block.type === 'section') {
      if (block.text) parts.push({ kind: 'text', text: blockText(block.text) })
      if (block.fields) parts.push({ kind: 'fields', fields: asList(block.fields).map(blockText) })
    } else if (block.type === 'divider') parts.push({ kind: 'rule' })
    else if (block.type === 'context') parts.push({ kind: 'note', text: asList(block.elements).map(blockText).join(' ') })
    else if (block.type === 'image') parts.push({ kind: 'image', alt: asText(block.alt_text) })
    else if (block.type === 'actions') parts.push({ kind: 'buttons', buttons: asList(block.elements).map((element) => ({ text: blockText(asObject(element).text), kind: asObject(element).style === 'primary' ? 'primary' : asObject(element).style === 'danger' ? 'danger' : 'default', href: asText(asObject(element).url) })) })
  }
  if (parts.length) return { title: '', parts, markup: true }
  return { title: preview.subject, parts: [{ kind: 'text', text: preview.content }], markup: values.mrkdwn === true }
}

export function dingtalkView(preview: Preview): ChatView {
  const { values } = section(preview.options as Options, ['dingtalk'])
  const card = asObject(values.action_card)
  const title = asText(values.title) || preview.subject
  if (Object.keys(card).length) {
    const single = asText(card.singleTitle)
    const buttons = single ? [{ text: single, kind: 'default' as const, href: asText(card.singleURL) }] : asList(card.btns).map((button) => ({ text: asText(asObject(button).title), kind: 'default' as const, href: asText(asObject(button).actionURL) }))
    return { title: asText(card.title), parts: [{ kind: 'text', text: asText(card.text) }, { kind: 'buttons', buttons }], markup: true }
  }
  const links = asList(asObject(values.feed_card).links).map((link) => ({ kind: 'text' as const, text: asText(asObject(link).title) }))
  if (links.length) return { title: '', parts: links, markup: false }
  return { title, parts: [{ kind: 'text', text: preview.content }], markup: title !== '' || asText(values.msg_type) === 'markdown' }
}

/** The event that a receiver's server gets. What is only known when it is sent is left open. */
export function webhookEvent(preview: Preview): Json {
  const { values } = section(preview.options as Options, ['webhook'])
  const data = asObject(values.data)
  const own = { message_id: '…', ...(preview.subject ? { subject: preview.subject } : {}), content: preview.content }
  return { type: asText(values.type) || 'message.sent', timestamp: '…', data: Object.keys(data).length ? data : own }
}

/** 【Name】 in front of a text: the signature, shown as the sender of an SMS as well. */
export const signatureOf = (text: string): string | undefined => text.match(/^\s*[【[]([^】\]]{1,20})[】\]]/)?.[1]
