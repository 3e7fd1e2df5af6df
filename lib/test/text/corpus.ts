import { Key } from '../../runtime/key';

/** Short product texts in three scripts, the same on every platform: enough to train a small vocabulary in a moment. */
export function smallCorpus(lines = 503): string[] {
  const random = Key.from('text tests').random();
  const words = {
    us: 'wireless mouse silent click receiver black running shoes women waterproof stainless steel bottle kids raincoat'.split(
      ' ',
    ),
    es: 'aspiradora sin bolsa cafetera acero niño camión azul cartón filtro señora pequeño algodón'.split(' '),
    jp: 'ワイヤレス イヤホン 防水 完全 黒 静音 マウス 充電器 子供 靴 水筒'.split(' '),
  };
  return Array.from({ length: lines }, (_, i) => {
    const list = words[(['us', 'es', 'jp'] as const)[i % 3]];
    const picked = Array.from({ length: 3 + random.int(7) }, () => random.choice(list));
    return picked.join(i % 3 === 2 ? '' : ' ') + (i % 11 === 0 ? ` ${random.int(997)} ml 🎁` : '');
  });
}
