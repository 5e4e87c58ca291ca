// What every engine runs: a ticket of four stages. The engine of each stage does nothing and answers
// 200 bytes; the answer must be durable before the next stage begins.
export const stages = 4;
export const answer = 'The work is done, its checks pass and nothing else was touched. '.repeat(4).slice(0, 200);

// A ticket as its client sends it.
export const brief = (ticket) => ({ ticket, title: `Ticket ${ticket}`, text: answer.slice(0, 100) });
