export default {
  title: 'API 密钥', subtitle: '每个应用一把，权限够用即可。', add: '新建密钥', name: '名称', prefix: '前缀', scopes: '权限', tenant: '租户', state: '状态', used: '最近使用', expires: '到期', actions: '操作', rotate: '轮换', revoke: '吊销',
  scope: { send: '发送消息', read: '查看消息与统计', manage: '修改模板、限流、死信', admin: '全部，包括密钥与账号' }, once: '这是密钥“{name}”，仅显示这一次，请妥善保存。',
  rotateTitle: '轮换 {name}？', rotateNew: '将生成一把同权限的新密钥，仅显示一次。', rotateOld: '旧密钥还可使用 {hours} 小时，之后失效。', revokeTitle: '吊销 {name}？', revokeText: '从现在起使用它的请求都会被拒绝，且无法恢复。', revokeOwn: '您正用此密钥登录，吊销后将退出。',
}
