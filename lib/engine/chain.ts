/** A member of one {@link Chain}; null at its ends and outside of it. */
export interface Linked<Member> {
  previous: Member | null;
  next: Member | null;
}

/** Members in a row that can leave from anywhere in constant time; each is in one chain at most. */
export class Chain<Member extends Linked<Member>> {
  first: Member | null = null;
  #last: Member | null = null;

  push(member: Member): void {
    member.previous = this.#last;
    if (this.#last === null) this.first = member;
    else this.#last.next = member;
    this.#last = member;
  }

  remove(member: Member): void {
    if (member.previous === null) this.first = member.next;
    else member.previous.next = member.next;
    if (member.next === null) this.#last = member.previous;
    else member.next.previous = member.previous;
    member.previous = null;
    member.next = null;
  }
}
