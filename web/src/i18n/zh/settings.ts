export default {
  title: '设置', subtitle: '服务器的配置以及每个值的来源。', tab: { server: '服务器', outcomes: '结果规则', browser: '本浏览器' }, name: '配置项', value: '值', origin: '来源', meaning: '含义', searchHint: '名称或含义', onlyChanged: '仅显示与默认不同的', serverVersion: '版本', started: '启动时间', engines: '存储 · 队列 · 协调',
  outcomes: '每类结果如何处理', outcome: '结果', action: '处理', actions: { retry: '重试', wait: '等待后重试', hold: '挂起待人工处理', fail: '放弃' }, failOver: '可改用其他账号', attempts: '次数', pause: '间隔', base: '首次间隔（毫秒）', most: '最长间隔（毫秒）', version: '版本', ruleSaved: '{outcome} 的规则已保存', language: '语言', theme: '主题',
}
