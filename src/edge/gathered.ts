/** Bytes one after the other in one piece of memory, however small and many the pieces are that they come in. */
export class Gathered {
  #room = Buffer.alloc(0)
  #length = 0

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length)
  }

  get length(): number {
    return this.#length
  }

  /** Copies the piece; nothing of it is kept. */
  add(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafe(Math.max(length, 2 * this.#room.length))
      this.#room.copy(room, 0, 0, this.#length)
      this.#room = room
    }
    this.#room.set(piece, this.#length)
    this.#length = length
  }
}
