"use strict";

/* An outline while a person corrects it: points (x, y) in pixels of the picture, one of them chosen. */
class EditedOutline {
  constructor(points, width, height) {
    this.points = points.map(([x, y]) => [x, y]);
    this.width = width;
    this.height = height;
    this.chosen = 0;
  }

  choose(step) {
    this.chosen = (this.chosen + step + this.points.length) % this.points.length;
  }

  move(x, y) {
    const within = (value, most) => Math.round(100 * Math.min(Math.max(value, 0), most)) / 100;
    this.points[this.chosen] = [within(x, this.width), within(y, this.height)];
  }

  moveBy(x, y) {
    const [left, top] = this.points[this.chosen];
    this.move(left + x, top + y);
  }

  addAfter(number, x, y) {
    this.points.splice(number + 1, 0, [x, y]);
    this.chosen = number + 1;
    this.move(x, y);
  }

  addAfterChosen() {
    const [first, next] = [this.points[this.chosen], this.points[(this.chosen + 1) % this.points.length]];
    this.addAfter(this.chosen, (first[0] + next[0]) / 2, (first[1] + next[1]) / 2);
  }

  addOnNearestLine(x, y) {
    let [best, nearest] = [0, Infinity];
    this.points.forEach((from, number) => {
      const to = this.points[(number + 1) % this.points.length];
      const along = [to[0] - from[0], to[1] - from[1]];
      const length = along[0] ** 2 + along[1] ** 2 || 1;
      const share = Math.min(Math.max(((x - from[0]) * along[0] + (y - from[1]) * along[1]) / length, 0), 1);
      const away = Math.hypot(x - from[0] - share * along[0], y - from[1] - share * along[1]);
      if (away < nearest) [best, nearest] = [number, away];
    });
    this.addAfter(best, x, y);
  }

  remove() {
    if (this.points.length <= 3) return false;
    this.points.splice(this.chosen, 1);
    this.chosen = Math.max(this.chosen - 1, 0);
    return true;
  }
}
