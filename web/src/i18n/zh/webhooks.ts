export default {
  title: '回调', subtitle: '把消息的结果告知发送方的 callback_url。', url: '地址', status: '状态', waiting: '等待', delivered: '已送达', failed: '失败', last: '最近成功', emptyTitle: '还没有回调', emptyText: '受理带 callback_url 的消息时会自动出现，也可在此添加。', addTitle: '添加回调', secretOnce: '用于签名的密钥，仅显示这一次。',
  disable: '停用', enable: '启用', rotate: '轮换密钥', rotateTitle: '轮换密钥？', rotateText: '{hours} 小时内同时带新旧两个签名，之后只用新签名。', since: '此后的全部', replay: '重新推送', replayed: '正在重新推送 {n} 个事件', events: '事件', event: '事件', attempts: '次数', answer: '最近应答', time: '时间',
}
