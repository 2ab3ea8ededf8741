export default {
  title: '服务商', subtitle: '消息由哪些账号发出、各自状态如何。', account: '账号', provider: '服务商', channel: '渠道', state: '状态', health: '健康度', inFlight: '在途', average: '平均耗时', order: '层级 · 权重', actions: '操作',
  add: '添加账号', choose: '选择服务商', name: '名称', tier: '层级', tierText: '层级小的账号优先使用。', weight: '权重', weightText: '同一层级内的分配比例。', settings: '服务商设置', policy: '限额与熔断', saved: '{name} 已保存',
  emptyTitle: '还没有账号', emptyText: '在添加之前，所有消息由内置沙箱接收，不会离开本机。', test: '测试', reset: '重置熔断', resetDone: '熔断已恢复', enable: '启用', disable: '停用',
  disableTitle: '停用 {name}？', disableText: '新消息改由该渠道其他账号发送；若没有其他账号则等待。', removeTitle: '移除 {name}？', removeText: '等待它的消息会交给其他账号。', removeSecrets: '其密钥将被删除。',
  breaker: '熔断', trouble: '异常', lastError: '最近错误', calls: '调用次数', callbackUrl: '回执地址', secrets: '已设密钥',
}
