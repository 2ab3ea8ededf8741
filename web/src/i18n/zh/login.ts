export default {
  title: '登录', heading: '欢迎使用鸿雁', lead: '使用 API 密钥登录。', expired: '密钥已失效或被吊销，请重新登录，之后会回到刚才的页面。',
  poem: '鸿雁传书 云中寄锦',
  key: 'API 密钥', show: '显示密钥', hide: '隐藏密钥', help: '首个密钥由以下命令打印：', remember: '在此设备上记住', rememberText: '否则关闭标签页后即遗忘。',
  enter: '登录', lost: '手边没有密钥？在服务器上创建一个：', missingKey: '请先粘贴密钥。', wrong: '服务器不认识此密钥。请确认已完整复制，且未被吊销。',
  offline: '无法连接服务器。服务是否在运行？', failed: '登录未成功：{detail}',
  missing: { title: '没有这个页面', text: '地址可能有误，或属于其他版本。', home: '回到总览' },
}
