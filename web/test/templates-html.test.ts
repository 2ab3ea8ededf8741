// E-mails made harmless, turned into text, looked over; what the visual editor stores; what chat programs show.
import { beforeAll, describe, expect, it } from 'vitest'
import { emptyDraft } from '@/pages/templates/draft'
import { checkMail, linkOf } from '@/pages/templates/html/check'
import { safeHtml, withoutHandlers, withoutOutside } from '@/pages/templates/html/safe'
import { htmlToText } from '@/pages/templates/html/toText'
import { dingtalkView, feishuView, noticeView, signatureOf, slackView, webhookEvent, wechatView } from '@/pages/templates/previews/model'
import { isHarmless, parseRich, type Node } from '@/pages/templates/previews/richText'
import { mark } from '@/pages/templates/variables'
import { firstMjml, markOf, mendTags, readDesign, starterMjml, tidyHtml, writeDesign } from '@/pages/templates/visual/mjml'

const preview = (content: string, subject = '', options: Record<string, unknown> = {}) => ({ content, subject, options, variables_used: {} }) as never

// Unlike a browser's, the parser of happy-dom runs and fetches what it parses unless it is told not to.
beforeAll(() => {
  const { settings } = (window as unknown as { happyDOM: { settings: Record<string, boolean> } }).happyDOM
  Object.assign(settings, { disableJavaScriptEvaluation: true, disableJavaScriptFileLoading: true, disableCSSFileLoading: true, disableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true })
})

describe('HTML in the console', () => {
  it('runs nothing, fetches nothing, leads nowhere', () => {
    const { html, blocked, hadScripts } = safeHtml(`<html><head><link rel=stylesheet href=https://e.x/a.css><meta http-equiv=refresh content="0;url=https://e.x"><base href=https://e.x><style>@import url(https://e.x/b.css); p{background:url( "https://e.x/c.png" )}</style></head>
      <body onload="alert(1)" background="//e.x/d.png"><script>alert(2)</script><img src="https://e.x/p.png" width="300" onerror="alert(3)" srcset="https://e.x/2x.png 2x"><a href="javascript:alert(4)" target=_blank ping="https://e.x">x</a>
      <form action="https://e.x"><button formaction="https://e.x">go</button></form><object data="https://e.x"></object><svg><use xlink:href="https://e.x#a"></use></svg><video src="https://e.x/v.mp4" poster="https://e.x/p"></video><p style="background-image:url(https://e.x/f.png)">t</p></body></html>`)
    expect(hadScripts).toBe(true)
    expect(blocked).toBe(2)
    expect(html.replace(/title="[^"]*"/g, '')).not.toMatch(/alert\(|onload|onerror|<script|<object|<link|<base|http-equiv|ping=|formaction|<video/i)
    // What is left of the addresses is the hover text of the link and the name of the host in the stand-in.
    expect(html.replace(/data:image\/svg\+xml,[^"]*/g, '').replace(/title="[^"]*"/g, '')).not.toContain('e.x')
    expect(html).toContain('href="#"')
  })
  it('shows what is missing, in texts and in attributes', () => {
    const { html } = safeHtml(`<p title="${mark('t')}">Hi ${mark('name')}</p><title>${mark('x')}</title>`)
    expect(html).toMatch(/<mark[^>]*>name<\/mark>/)
    expect(html).toContain('title="⟦t⟧"')
    expect(html).not.toMatch(/[\uE000\uE001]/)
  })
  it('keeps pictures that are inside', () => {
    expect(safeHtml('<img src="data:image/png;base64,AA">').html).toContain('data:image/png;base64,AA')
    expect(withoutOutside('a{background:url(data:image/png;base64,AA)}')).toContain('url(data:')
  })
})

describe('the text part', () => {
  it('has paragraphs, lists and the addresses of links', () => {
    expect(htmlToText('<style>p{}</style><h1>Hello</h1><p>One<br>two</p><ul><li>a</li><li>b</li></ul><p><a href="https://x.y/z">Go</a> <a href="https://x.y">https://x.y</a></p><img alt="Logo"><div style="display:none">hidden</div>'))
      .toBe('Hello\n\nOne\ntwo\n\n- a\n- b\n\nGo (https://x.y/z) https://x.y\n\n[Logo]')
  })
  it('keeps the tags of the template language', () => {
    expect(htmlToText('<p>Hi {{ name | default("you") }}, {% if a &lt; 3 %}few{% endif %}</p><p><a href="{{ url }}">Open</a></p>')).toBe('Hi {{ name | default("you") }}, {% if a < 3 %}few{% endif %}\n\nOpen ({{ url }})')
  })
})

describe('the check', () => {
  const keys = (html: string, text = 'text', subject = 's') => checkMail({ subject, text, html }).findings.map((finding) => finding.key)
  it('finds what mail programs do not like', () => {
    expect(keys('<html lang="en"><body><p>A fine mail with quite enough words in it for all.</p><a href="https://a.example">Look</a></body></html>')).toEqual([])
    expect(keys('', '', '')).toEqual(['noSubject', 'noText'])
    const found = keys('<p style="display:flex" onclick="x()">x</p><form></form><embed><img src="http://a/b.png"><img src="c.png" alt=""><svg></svg>')
    for (const key of ['script', 'form', 'embedded', 'noAlt', 'imagePlain', 'imageRelative', 'svg', 'noLang', 'style', 'onlyImages']) expect(found).toContain(key)
    expect(checkMail({ subject: 's', text: 't', html: `<p>${'x'.repeat(103 * 1024)}</p>` }).findings.map((finding) => finding.key)).toContain('clipped')
  })
  it('reads links as people do', () => {
    expect(linkOf('Go', '').problem).toBe('empty')
    expect(linkOf('Go', ' JavaScript:alert(1)').problem).toBe('script')
    expect(linkOf('www.bank.com', 'https://evil.example/').problem).toBe('differs')
    expect(linkOf('www.bank.com/login', 'https://bank.com/login').problem).toBeUndefined()
    expect(linkOf('Go', '/path').problem).toBe('relative')
    expect(linkOf('Go', 'http://a.example').problem).toBe('plain')
    expect(linkOf('Write', 'mailto:a@b.c').problem).toBeUndefined()
  })
})

describe('designs', () => {
  it('are read back, and nothing else is', () => {
    const text = writeDesign('<mjml><mj-body></mj-body></mjml>', '<p>')
    expect(readDesign(text)).toMatchObject({ editor: 'mjml', html_mark: markOf('<p>') })
    for (const wrong of ['', '{', '{}', '{"editor":"mjml","mjml":"x"}', 'null', '[]']) expect(readDesign(wrong)).toBeUndefined()
  })
  it('begin with the design, the HTML, the text, or something new', () => {
    const words = { title: 'T', text: '<x>', button: 'B', footer: 'F' }
    const draft = emptyDraft('email')
    expect(firstMjml(draft, words)).toMatchObject({ origin: 'starter', changed: false })
    expect(starterMjml(words)).toContain('&lt;x&gt;')
    expect(firstMjml({ ...draft, content: 'a\nb\n\nc <d>' }, words).mjml).toContain('a<br>b')
    const imported = firstMjml({ ...draft, html: '<style>x</style><script>y()</script><p>Hi {{ a }}</p>' }, words)
    expect(imported.origin).toBe('html')
    expect(imported.mjml).toContain('<p>Hi {{ a }}</p>')
    expect(imported.mjml).not.toMatch(/script|style>/)
    const design = writeDesign('<mjml><mj-body></mj-body></mjml>', '<p>1</p>')
    expect(firstMjml({ ...draft, html: '<p>1</p>', design }, words)).toMatchObject({ origin: 'design', changed: false })
    expect(firstMjml({ ...draft, html: '<p>2</p>', design }, words)).toMatchObject({ origin: 'design', changed: true })
  })
  it('let the tags of the template language through', () => {
    expect(mendTags('{% if a &lt; 3 &amp;&amp; b %}&lt;x&gt;{{ n | default(&quot;a&quot;) }}')).toBe('{% if a < 3 && b %}&lt;x&gt;{{ n | default("a") }}')
    expect(mendTags('<a href="https://x/%7B%7B%20order_no%20%7D%7D">')).toBe('<a href="https://x/{{ order_no }}">')
    expect(mendTags('{{ a\u00A0}}')).toBe('{{ a }}')
  })
  it('have no handlers', () => {
    expect(withoutHandlers('<img src=x onerror="alert(1)" alt="a on=b"><a href=" javascript:alert(1)" onclick=x>on=1</a>')).toBe('<img src=x alt="a on=b"><a href="#">on=1</a>')
  })
  it('are smaller afterwards, with a language', () => {
    expect(tidyHtml('<html xmlns="x" lang="und" dir="auto">\n\n   <p>\n      a b\n   </p>\n</html>', 'en')).toBe('<html lang="en" xmlns="x" dir="auto">\n<p>\na b\n</p>\n</html>')
  })
})

const flat = (nodes: Node[]): string => nodes.map((node) => (node.kind === 'text' ? node.text : 'children' in node ? `<${node.kind}>${flat(node.children)}</>` : `<${node.kind}>`)).join('')

describe('chat mark-up', () => {
  it('becomes a tree and never HTML', () => {
    expect(flat(parseRich('**b** [l](https://x) `c` ~~s~~', 'markdown'))).toBe('<bold>b</> <link>l</> <code>c</> <strike>s</>')
    expect(flat(parseRich('# H\n- i\n> q\ntext', 'markdown'))).toBe('<heading>H</><item>i</><quote>q</>text')
    expect(flat(parseRich('*b* <https://x|l> <@U1>', 'slack'))).toBe('<bold>b</> <link>l</> <mention>@U1</>')
    expect(flat(parseRich('<img src=x onerror=alert(1)>', 'markdown'))).toBe('<img src=x onerror=alert(1)>')
    expect(isHarmless('javascript:alert(1)')).toBe(false)
  })
  it('ends, whatever is typed', () => {
    const nested = '**'.repeat(500) + 'x'
    expect(flat(parseRich(nested, 'markdown'))).toContain('x')
  })
})

describe('what receivers see', () => {
  it('Feishu: a card, a post or a text, as the provider decides', () => {
    const card = feishuView(preview('x', '', { feishu: { card: { header: { title: { tag: 'plain_text', content: 'T' }, template: 'red' }, elements: [{ tag: 'div', text: { tag: 'lark_md', content: '**b**' } }, { tag: 'hr' }, { tag: 'action', actions: [{ tag: 'button', type: 'primary', text: { content: 'Go' } }] }, { tag: 'new_thing' }] } } }))
    expect(card).toMatchObject({ kind: 'card', card: { title: 'T', colour: 'red' } })
    expect(card.kind === 'card' && card.card.parts.map((part) => part.kind)).toEqual(['text', 'rule', 'buttons', 'other'])
    expect(feishuView(preview('{"schema":"2.0","body":{"elements":[{"tag":"markdown","content":"a"}]}}'))).toMatchObject({ kind: 'card' })
    expect(feishuView(preview('x', 'T'))).toMatchObject({ kind: 'post', title: 'T' })
    expect(feishuView(preview('x'))).toMatchObject({ kind: 'text' })
  })
  it('survive sections that hold anything', () => {
    for (const odd of [null, 1, 'x', [], [[]], { card: [] }, { card: { elements: 'x' } }, { blocks: { a: 1 } }, { articles: 5, data: [1] }, { data: { a: null } }]) {
      for (const name of ['feishu', 'slack', 'wechat', 'wecom', 'dingtalk', 'webhook', 'apns']) {
        const view = preview('x', '', { [name]: odd })
        expect(() => [feishuView(view), slackView(view), dingtalkView(view), wechatView(view, ''), noticeView(view), webhookEvent(view)]).not.toThrow()
      }
    }
  })
  it('WeChat: rows of the template, or a text of WeCom', () => {
    expect(wechatView(preview('x', '', { wechat: { data: { thing1: { value: 'tea' } }, url: 'https://x' } }), 'T')).toMatchObject({ kind: 'template', title: 'T', rows: [{ key: 'thing1', value: 'tea' }], footer: 'https://x' })
    expect(wechatView(preview('**x**', '', { wecom: { msg_type: 'markdown' } }), 'T').kind).toBe('markdown')
  })
  it('notifications, chats, events, signatures', () => {
    expect(noticeView(preview('b', 's', { apns: { title: 't', subtitle: 'u' } }))).toMatchObject({ title: 't', subtitle: 'u', body: 'b' })
    expect(slackView(preview('c', 's')).markup).toBe(false)
    expect(dingtalkView(preview('c', 's')).markup).toBe(true)
    expect(webhookEvent(preview('c', 's', { webhook: { type: 'a.b' } }))).toMatchObject({ type: 'a.b', data: { subject: 's', content: 'c' } })
    expect(signatureOf('【鸿雁】您好')).toBe('鸿雁')
    expect(signatureOf('Hello')).toBeUndefined()
  })
})
