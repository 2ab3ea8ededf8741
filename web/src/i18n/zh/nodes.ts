export default {
  title: '节点', subtitle: '接收和投递消息的各个进程，以及它们的状况。', summary: '全部节点', living: '存活', leader: '主持者', noLeader: '暂无', engines: '引擎', allWork: '全部正常', someBroken: '{count} 个节点异常',
  state: { living: '存活', silent: '无响应', left: '正在被接管' }, leads: '主持', self: '正在应答', number: '编号', no: '编号 {number}', version: '版本', mixed: '与其他节点不同', started: '启动', beat: '最近心跳', ago: '{time}前', address: '地址', roles: '角色', name: '节点',
  role: { api: '接口', worker: '投递', jobs: '后台任务' }, roleText: { api: '应答发送方、控制台和服务商回调', worker: '从队列取出消息并交给服务商', jobs: '可以主持：数据清理、结果回调、接管' },
  figure: { inFlight: '发送中', waiting: '等待中', scheduled: '定时', held: '已取出' }, figureText: { inFlight: '已交给服务商、尚未答复的消息', waiting: '在本节点内等待空位的消息', scheduled: '由本节点计时的消息', held: '已从队列取出、尚未完成的消息' },
  engine: { store: '存储', queue: '队列', coordination: '协调' }, kind: { sqlite: 'SQLite', postgres: 'PostgreSQL', local: '进程内', rabbitmq: 'RabbitMQ', redis: 'Redis' }, works: '正常', fails: '异常', leftText: '它不再发出心跳，等待中的消息由其他节点接手。',
  jobsTitle: '同一时刻只由一个节点做的事', jobsText: '由主持的节点完成。它若失效，15 秒内由另一节点接替。带“后台任务”角色的节点参与。', job: { retention: '删除超过保留期的数据', webhooks: '向发送方发出结果回调', search: '为搜索建立收件人索引', takeOver: '宣告无响应的节点失效并接管其消息' },
  endedTitle: '一天内结束的节点', ended: '方式', lastSeen: '最后心跳', takenBy: '接管者', end: { stopped: '正常停止', dead: '失效', restarted: '重启' }, noneEnded: '没有节点结束', noneEndedText: '停止或失效的节点会在这里保留一天，并注明由谁接管了消息。',
  aloneTitle: '单节点，一切都在其中', aloneText: '存储、队列和限流都在这个进程及其数据目录里。对多数场景已经足够：崩溃后可恢复，已接受的消息不会丢失。集群还可以带来：',
  gain: { dies: '允许节点失效', scales: '更高吞吐', limits: '统一的规则' }, gainText: { dies: '其他节点在 15 秒内接管其消息；可逐个节点升级。', scales: '同一程序任意多个，置于负载均衡之后，使用 PostgreSQL、RabbitMQ 和 Redis。', limits: '限流、线程池、密钥和模板对所有节点共同生效。' },
  tryIt: '在本机试用三个节点：', move: '停止后，可将现有数据迁移过去：', docs: '运行方法见',
}
