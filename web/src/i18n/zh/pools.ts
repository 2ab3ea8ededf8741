export default {
  title: '线程池与限流', subtitle: '边运行边调整，一秒内生效。', size: '大小', active: '工作中', queue: '队列', done: '已完成', sizeOf: '大小 {size}，范围 {core} 至 {max}', queueOf: '队列占用 {percent}；超过 {up} 扩容，低于 {down} 缩容', marks: '队列超过 {up} 时扩容，低于 {down} 时缩容', saved: '{name} 已修改',
  effect: '立即生效：{from} → {to}，此后由规则调节。', history: '变化原因', noHistory: '启动以来大小没有变化。', field: { core_pool_size: '最小线程数', max_pool_size: '最大线程数', queue_capacity: '队列容量', scale_up_threshold: '扩容阈值（0–1）', scale_down_threshold: '缩容阈值（0–1）' },
  limits: '限流规则', addLimit: '添加规则', changeLimit: '修改规则', noLimits: '没有限流规则', noLimitsText: '不做任何限制。', resource: '资源', resourceText: 'global、api:/路径、channel:sms、account:…、domain:…、country:…、recipient 或 template', type: '类型', types: { qps: '每秒', concurrency: '并发', window: '滑动窗口' }, max: '上限', window: '窗口（秒）', behavior: '超出时', behaviors: { reject: '拒绝', warm_up: '预热后拒绝', pacing: '匀速排队', warm_up_pacing: '预热并匀速排队' }, warmUp: '预热（秒）', queueing: '最长等待（毫秒）',
  status: '状态', use: '当前', passed: '通过', actions: '操作', limitSaved: '规则已保存', removeTitle: '移除对 {resource} 的限制？', removeText: '从下一秒起不再限制。', trial: '这个请求能通过吗？', cost: '消耗', ask: '试一试', passes: '可以通过', refuses: '会被拒绝，{time} 后可重试',
}
