/** A member of one {@link Heap}: where it stands there, −1 outside of it. Only the heap writes it. */
export interface Placed {
  place: number;
}

/** Members of which the first is at hand, and that can leave from anywhere in logarithmic time; each is in one heap at most. */
export class Heap<Member extends Placed> {
  readonly #precedes: (one: Member, other: Member) => boolean;
  #members: Member[] = [];

  constructor(precedes: (one: Member, other: Member) => boolean) {
    this.#precedes = precedes;
  }

  get first(): Member | null {
    return this.#members[0] ?? null;
  }

  push(member: Member): void {
    this.#members.push(member);
    this.#rise(member, this.#members.length - 1);
  }

  remove(member: Member): void {
    const { place } = member;
    const last = this.#members.pop();
    member.place = -1;
    if (last === undefined || last === member) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  /** What the order depends on has changed for a member. */
  moved(member: Member): void {
    this.#rise(member, member.place);
    this.#sink(member, member.place);
  }

  clear(): void {
    for (const member of this.#members) member.place = -1;
    this.#members = [];
  }

  #rise(member: Member, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#members[above] as Member;
      if (!this.#precedes(member, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(member, place);
  }

  #sink(member: Member, from: number): void {
    const members = this.#members;
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= members.length) break;
      const right = Math.min(left + 1, members.length - 1);
      const below = this.#precedes(members[right] as Member, members[left] as Member) ? right : left;
      const child = members[below] as Member;
      if (!this.#precedes(child, member)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(member, place);
  }

  #put(member: Member, place: number): void {
    this.#members[place] = member;
    member.place = place;
  }
}
