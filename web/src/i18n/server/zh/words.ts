// Single words that stand for something inside a text, where the Chinese text asks for them with a capital: {A}. And the
// classes of outcomes, which begin the reason of an attempt: "transient 503: the provider answered HTTP 503".
export const OUTCOMES: Record<string, string> = {
  accepted: '已受理', transient: '暂时性故障', unknown: '结果未知', rate_limited: '服务商限速', quota: '收件人配额已满', token: '凭证过期', configuration: '账号配置错误',
  recipient_permanent: '收件人永久不可达', message_permanent: '消息永久无法发送',
}

export const WORDS: Record<string, string> = {
  // What there is none of.
  pool: '线程池', limit: '限流规则', message: '消息', task: '任务', template: '模板', account: '账号', messages: '消息', requests: '请求', changes: '变更', outcomes: '结果', 'outcomes of attempts': '尝试结果',
  // Channels.
  sms: '短信', email: '邮件', app: 'App 推送', wechat: '微信', feishu: '飞书', dingtalk: '钉钉',
  // States, and what became of a call.
  pending: '待处理', scheduled: '已定时', processing: '处理中', retrying: '重试中', success: '已发送', delivered: '已送达', failed: '失败', expired: '已过期', cancelled: '已取消', unknown: '结果未知',
  accepting: '受理中', completed: '已完成',
  // Kinds of values, and their units.
  text: '文本', string: '文本', number: '数字', integer: '整数', boolean: '真假值', date: '日期', url: '地址', list: '列表', object: '对象', nothing: '空值', null: '空值',
  'a number': '数字', 'a string': '字符串', 'a boolean': '布尔值', 'a list': '列表', 'an array': '数组', 'a value': '值', 'a list of texts': '文本列表',
  characters: '字符', elements: '元素', entries: '条目', items: '元素', bytes: '字节', first: '首个元素', last: '末尾元素',
  'the content': '内容', 'the request': '请求', full: '满载', disabled: '已停用', closed: '不可用',
}

/** The short words of decisions that a page shows by themselves. */
export const CHOICES: Record<string, string> = {
  accepted: '已受理', success: '已发送', delivered: '已送达', failed: '失败', expired: '已过期', cancelled: '已取消', unknown: '结果未知', end: '结束', send: '发送', wait: '等待', scheduled: '已定时', retrying: '重试中',
  pending: '待处理', processing: '处理中', disabled: '已停用', full: '已满载',
  // Where a setting comes from.
  default: '默认', file: '配置文件', credential: '系统凭据', environment: '环境变量', flag: '命令行参数',
}
