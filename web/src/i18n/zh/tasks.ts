export default {
  title: '批量任务', subtitle: '每个批次的进度。', new: '新建批次', status: '状态', name: '名称', channel: '渠道', progress: '进度', left: '剩余时间', created: '开始时间', finished: '结束时间', template: '模板',
  unnamed: '批次 {id}', one: '批次 {id}', unsure: '测算中', leftText: '大约还需 {time}', ended: '已结束', allMessages: '查看全部消息',
  cancel: '取消剩余', cancelTitle: '取消批次 {id} 中仍在等待的消息？', cancelWaiting: '{n} 条等待中的消息将不再发送。', cancelSent: '{n} 条已结束，保持不变。', cancelled: '剩余消息已取消',
  part: { success: '已发送', failed: '失败', expired: '已过期', cancelled: '已取消', pending: '等待中' },
}
