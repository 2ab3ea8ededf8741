export default {
  title: '发送消息', subtitle: '向一位收件人发送一条，右侧是对方将看到的样子。', template: '模板', noTemplate: '不使用模板', channel: '渠道', recipient: '收件人', somebody: '收件人', variables: '变量', mailSubject: '主题或标题', content: '内容', blank: '填写内容后，这里会显示接收者看到的样子。', more: '优先级、时间、回调', priority: '优先级', at: '不早于', callback: '回调地址', send: '发送', missing: '尚未填写：{names}', preview: '对方看到的', accepted: '已受理并落盘', follow: '查看它的经过', segments: '{n} 条计费，{characters} 个字符，{encoding}',
  level: { urgent: '紧急', important: '重要', normal: '普通', low: '低' },
  hint: { sms: '手机号，如 13800138000 或 +8613800138000', email: '邮箱地址', app: '设备令牌或注册号', wechat: 'openid', feishu: '用户、群或机器人，依账号而定', dingtalk: '用户或机器人，依账号而定', slack: '频道或 webhook，依账号而定', webhook: 'URL 或名称，依账号而定' },
}
