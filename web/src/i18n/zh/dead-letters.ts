export default {
  title: '死信', subtitle: '{n} 条消息最终失败，共 {groups} 种原因。', subtitleNone: '最终失败的消息，按原因分组。', cause: '原因', channel: '渠道', provider: '服务商', count: '消息数', last: '最近出现', actions: '操作', example: '查看一例', again: '重新发送…', noReason: '未给出原因',
  emptyTitle: '没有死信', emptyText: '全部已送出，或仍有剩余尝试次数。', redrive: '重新发送', redriveText: '先计数，再按所选速率放回队列，避免冲垮服务商。', error: '原因包含', rate: '每秒条数', max: '最多',
  dryRun: '计数（试运行）', start: '重新发送', match: '条符合。将重新发送 {n} 条，约需 {time}。', started: '正在重新发送 {n} 条', sureTitle: '重新发送 {n} 条消息？', sureAgain: '每条都会再尝试一次。若原因未修复，会再次失败。', sureTime: '大约需要 {time}，可随时停止。',
  runs: '进行中', runProgress: '进度', stop: '停止', stopTitle: '停止重新发送？', stopText: '尚未重发的仍为死信。',
}
