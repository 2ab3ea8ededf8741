// What a new template begins with: something of its channel that works at once, in the language of the console.
import type { Language } from '@/i18n'
import { emptyDraft, type Draft } from './draft'
import type { Channel, Options, Variable } from './types'

const text = (name: string, sample: string, description = ''): Variable => ({ name, type: 'string', required: true, sample, description, max_length: 64 })

interface Starter { subject?: string; content: string; html?: string; variables: Variable[]; options?: Options }

const en: Record<Channel, Starter> = {
  sms: { content: '[Hongyan] {{ code }} is your verification code. It is valid for {{ minutes }} minutes.', variables: [{ ...text('code', '482913', 'Verification code'), max_length: 8 }, { name: 'minutes', type: 'integer', required: true, sample: '5', description: 'Minutes it is valid', max_length: null }] },
  email: {
    subject: 'Welcome, {{ customer_name }}', content: 'Hello {{ customer_name }},\n\nyour account is ready: {{ start_url }}\n\nThe Hongyan team',
    html: '<!doctype html>\n<html lang="en">\n<body style="margin:0;padding:24px;font-family:Arial,sans-serif;color:#1b2526">\n  <h1 style="font-size:22px">Welcome, {{ customer_name }}</h1>\n  <p>Your account is ready.</p>\n  <p><a href="{{ start_url }}" style="display:inline-block;padding:10px 20px;background:#0f5e63;color:#ffffff;text-decoration:none;border-radius:6px">Get started</a></p>\n</body>\n</html>\n',
    variables: [text('customer_name', 'Ann', 'Name of the customer'), { name: 'start_url', type: 'url', required: true, sample: 'https://example.com/start', description: 'Where to begin', max_length: null }],
  },
  app: { subject: 'Order {{ order_no }} is on its way', content: '{{ customer_name }}, your order arrives on {{ day | date("%-d %B") }}.', variables: [text('order_no', 'SO1024'), text('customer_name', 'Ann'), { name: 'day', type: 'date', required: true, sample: '2026-12-01', description: 'Day of arrival', max_length: null }] },
  wechat: { subject: 'Order shipped', content: 'Your order {{ order_no }} has been shipped.', variables: [text('order_no', 'SO1024'), text('product_name', 'Longjing tea')], options: { wechat: { template_id: 'TEMPLATE_ID', url: 'https://example.com/orders/{{ order_no }}', data: { character_string1: { value: '{{ order_no }}' }, thing2: { value: '{{ product_name }}' } } } } },
  feishu: { subject: 'Deployment finished', content: '{{ service }} {{ version }} is live.', variables: [text('service', 'billing'), text('version', '2.4.1')], options: { feishu: { card: { header: { template: 'green', title: { tag: 'plain_text', content: 'Deployment finished' } }, elements: [{ tag: 'markdown', content: '**{{ service }}** {{ version }} is live.' }, { tag: 'action', actions: [{ tag: 'button', type: 'primary', text: { tag: 'plain_text', content: 'Open' }, url: 'https://example.com' }] }] } } } },
  dingtalk: { subject: 'Deployment finished', content: '### {{ service }} {{ version }}\n- It is **live**\n- [Details](https://example.com)', variables: [text('service', 'billing'), text('version', '2.4.1')] },
  slack: { subject: 'Deployment finished', content: '{{ service }} {{ version }} is live.', variables: [text('service', 'billing'), text('version', '2.4.1')], options: { slack: { blocks: [{ type: 'header', text: { type: 'plain_text', text: 'Deployment finished' } }, { type: 'section', text: { type: 'mrkdwn', text: '*{{ service }}* {{ version }} is live.' } }] } } },
  webhook: { content: 'Invoice {{ invoice_no }} was paid.', variables: [text('invoice_no', '2026-17'), { name: 'amount', type: 'number', required: true, sample: '12.5', description: '', max_length: null }], options: { webhook: { type: 'invoice.paid', data: { invoice: '{{ invoice_no }}', amount: '{{ amount }}' } } } },
}

const zh: Record<Channel, Starter> = {
  sms: { content: '【鸿雁】您的验证码是 {{ code }}，{{ minutes }} 分钟内有效。', variables: [{ ...text('code', '482913', '验证码'), max_length: 8 }, { name: 'minutes', type: 'integer', required: true, sample: '5', description: '有效分钟数', max_length: null }] },
  email: {
    subject: '欢迎您，{{ customer_name }}', content: '{{ customer_name }}，您好：\n\n您的账号已开通：{{ start_url }}\n\n鸿雁团队',
    html: '<!doctype html>\n<html lang="zh-CN">\n<body style="margin:0;padding:24px;font-family:\'PingFang SC\',\'Microsoft YaHei\',sans-serif;color:#1b2526">\n  <h1 style="font-size:22px">欢迎您，{{ customer_name }}</h1>\n  <p>您的账号已开通。</p>\n  <p><a href="{{ start_url }}" style="display:inline-block;padding:10px 20px;background:#0f5e63;color:#ffffff;text-decoration:none;border-radius:6px">开始使用</a></p>\n</body>\n</html>\n',
    variables: [text('customer_name', '张三', '客户姓名'), { name: 'start_url', type: 'url', required: true, sample: 'https://example.com/start', description: '开始使用的地址', max_length: null }],
  },
  app: { subject: '订单 {{ order_no }} 已发货', content: '{{ customer_name }}，您的订单预计 {{ day | date("%-m月%-d日") }} 送达。', variables: [text('order_no', 'SO1024'), text('customer_name', '张三'), { name: 'day', type: 'date', required: true, sample: '2026-12-01', description: '送达日期', max_length: null }] },
  wechat: { subject: '订单发货通知', content: '您的订单 {{ order_no }} 已发货。', variables: [text('order_no', 'SO1024'), text('product_name', '西湖龙井')], options: { wechat: { template_id: 'TEMPLATE_ID', url: 'https://example.com/orders/{{ order_no }}', data: { character_string1: { value: '{{ order_no }}' }, thing2: { value: '{{ product_name }}' } } } } },
  feishu: { subject: '发布完成', content: '{{ service }} {{ version }} 已上线。', variables: [text('service', '计费服务'), text('version', '2.4.1')], options: { feishu: { card: { header: { template: 'green', title: { tag: 'plain_text', content: '发布完成' } }, elements: [{ tag: 'markdown', content: '**{{ service }}** {{ version }} 已上线。' }, { tag: 'action', actions: [{ tag: 'button', type: 'primary', text: { tag: 'plain_text', content: '查看' }, url: 'https://example.com' }] }] } } } },
  dingtalk: { subject: '发布完成', content: '### {{ service }} {{ version }}\n- 已**上线**\n- [查看详情](https://example.com)', variables: [text('service', '计费服务'), text('version', '2.4.1')] },
  slack: { subject: '发布完成', content: '{{ service }} {{ version }} 已上线。', variables: [text('service', '计费服务'), text('version', '2.4.1')], options: { slack: { blocks: [{ type: 'header', text: { type: 'plain_text', text: '发布完成' } }, { type: 'section', text: { type: 'mrkdwn', text: '*{{ service }}* {{ version }} 已上线。' } }] } } },
  webhook: { content: '账单 {{ invoice_no }} 已支付。', variables: [text('invoice_no', '2026-17'), { name: 'amount', type: 'number', required: true, sample: '12.5', description: '', max_length: null }], options: { webhook: { type: 'invoice.paid', data: { invoice: '{{ invoice_no }}', amount: '{{ amount }}' } } } },
}

export function starterDraft(channel: Channel, language: Language): Draft {
  const starter = structuredClone((language === 'zh' ? zh : en)[channel])
  return { ...emptyDraft(channel), ...starter, subject: starter.subject ?? '', html: starter.html ?? '', options: starter.options ?? {} }
}
