export default {
  title: '监控大屏', wallTitle: '鸿雁 · 消息投递监控', wall: '全屏大屏', leaveWall: '退出大屏', pause: '暂停', resume: '继续', day: '日期', channel: '渠道',
  stream: '最近 50 条消息', waiting: '{count} 条新消息', emptyStream: '还没有消息', emptyText: '消息会在一秒内出现在这里。',
  priority: '优先级', waitingWord: '条排队',
  queue: '各优先级排队数', queueSums: '排队 {waiting} · 定时 {scheduled}', priorityWaiting: '优先级 {priority}：{count} 条排队',
  pools: '线程池', alerts: '关注事项', accounts: '在用的服务商账号', pie: '近 7 天渠道分布', rates: '近 7 天各渠道成功率',
  pool: { name: '线程池', use: '使用率', size: '工作中 / 大小（最小–最大）', queue: '队列', line: '{active} / {size} 工作中 · 队列 {queue}' },
  trend: { title: '近 7 天趋势', description: '最近七天的消息：接收、发送成功与失败', sent: '接收', success: '成功', failed: '失败' },
  card: {
    sent: '今日发送总量', rate: '成功率', time: '响应时间', failed: '今日失败',
    perSecond: '当前每秒 {count} 条', p95: 'P95 {time}', dead: '死信 {count} 条', week: '7 天 {value}', hour: '近一小时 {value}', better: '好于本周', worse: '差于本周',
  },
  first: { title: '还没有发送过消息', text: '一分钟覆盖全部渠道的演示流量会填满所有图表。它只进入沙箱，不会离开本机。' },
}
