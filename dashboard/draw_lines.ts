import { firstIndex, type Line } from './lines.ts'
import type { Look } from './looks.ts'
import type { Span } from './time.ts'

/** One line as the plot knows it. */
export interface DrawnLine {
  readonly line: Line
  readonly name: string
  readonly look: Look
  /** Values further apart are not joined. */
  readonly gap: number
  readonly isHidden: boolean
}

/** The plotting area in pixels of the canvas, and what its edges stand for. */
interface Area {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly span: Span
  readonly bottomValue: number
  readonly topValue: number
  /** Pixels of the canvas per CSS pixel. */
  readonly ratio: number
}

/** More corners than this in one picture cost more than a frame has. */
const mostCorners = 120_000

/**
 * A picture with more corners than this has lines one pixel of the canvas wide: without a graphics processor these are
 * drawn ten times as fast as wider ones, whose outlines have to be found and filled.
 */
const mostWideCorners = 12_000

/**
 * Draws lines that each have times of their own; uPlot's own paths want one list of times for all, which for 16 devices
 * polled at different moments would be 16 times as long, and full of holes.
 *
 * @param emphasis the line that the user points at: the others step back
 */
export function drawLines(
  context: CanvasRenderingContext2D,
  lines: readonly DrawnLine[],
  area: Area,
  emphasis: DrawnLine | undefined,
): void {
  const visible = lines.filter(({ isHidden }) => !isHidden)
  const column = Math.max(1, Math.ceil((visible.length * area.width * 2) / mostCorners))
  const strokes = visible.map(drawn => strokeOf(drawn, area, column))
  const corners = strokes.reduce((sum, stroke) => sum + stroke.corners, 0)
  const width = corners > mostWideCorners ? 1 : 1.5 * area.ratio
  context.save()
  context.beginPath()
  context.rect(area.left, area.top, area.width, area.height)
  context.clip()
  context.lineJoin = 'bevel'
  context.globalAlpha = emphasis === undefined ? 1 : 0.25
  for (const stroke of strokes) if (stroke.drawn !== emphasis) draw(context, stroke, area, column, width)
  context.globalAlpha = 1
  const first = strokes.find(({ drawn }) => drawn === emphasis)
  if (first !== undefined) draw(context, first, area, column, 2.5 * area.ratio)
  context.restore()
}

/** What is drawn of one line. */
interface Stroke {
  readonly drawn: DrawnLine
  readonly part: Part
  /** Many values fall into one column of pixels. */
  readonly isDense: boolean
  readonly corners: number
}

function strokeOf(drawn: DrawnLine, { span, width }: Area, column: number): Stroke {
  const { times } = drawn.line
  const from = Math.max(0, firstIndex(times, span.start) - 1)
  const to = Math.min(times.length, firstIndex(times, span.end) + 1)
  // A column has two corners, its lowest and its highest value.
  const most = (width / column) * 2
  return { drawn, part: { from, to }, isDense: to - from > most, corners: Math.min(to - from, most) }
}

/** @param width in pixels of the canvas */
function draw(
  context: CanvasRenderingContext2D,
  { drawn: { line, look, gap }, part, isDense }: Stroke,
  area: Area,
  column: number,
  width: number,
): void {
  context.strokeStyle = look.colour
  context.fillStyle = look.colour
  context.lineWidth = width
  context.setLineDash(isDense ? [] : look.dash.map(length => length * area.ratio))
  const pen = penOf(context)
  if (isDense) tracePerColumn(pen, line, gap, part, area, column, dashAcross(look.dash, area.ratio))
  else traceAll(context, pen, line, gap, part, area)
  pen.finish()
}

/** Draws lines with the context's own width and dashes. */
interface Pen {
  moveTo(x: number, y: number): void
  lineTo(x: number, y: number): void
  finish(): void
}

/**
 * So many corners are drawn at once: the outline of a wide line that goes up and down crosses itself, and filling that
 * of 600 corners takes four times as long as filling 75 short ones.
 */
const cornersAtOnce = 8

function penOf(context: CanvasRenderingContext2D): Pen {
  const most = context.lineWidth > 1 ? cornersAtOnce : Number.POSITIVE_INFINITY
  let [corners, length, lastX, lastY] = [0, 0, 0, 0]
  // Where the dashes of one piece end those of the next begin.
  const begin = () => {
    corners = 0
    context.lineDashOffset = length
    context.beginPath()
    context.moveTo(lastX, lastY)
  }
  const finish = () => {
    if (corners > 0) context.stroke()
  }
  return {
    moveTo: (x, y) => {
      finish()
      ;[length, lastX, lastY] = [0, x, y]
      begin()
    },
    lineTo: (x, y) => {
      context.lineTo(x, y)
      length += Math.hypot(x - lastX, y - lastY)
      lastX = x
      lastY = y
      if (++corners < most) return
      context.stroke()
      begin()
    },
    finish,
  }
}

/** Values of a line by their index; `to` is not one of them. */
interface Part {
  readonly from: number
  readonly to: number
}

/**
 * Dashes by the place on the time axis. The canvas's own count along the line, which goes up and down in each column of
 * pixels where values are dense: nothing would be left of them.
 */
function dashAcross(dash: readonly number[], ratio: number): (x: number) => boolean {
  if (dash.length === 0) return () => true
  const period = dash.reduce((sum, length) => sum + length, 0)
  return x => {
    let rest = (x / ratio) % period
    const part = dash.findIndex(length => {
      rest -= length
      return rest < 0
    })
    return part % 2 === 0
  }
}

/** Each value a corner; one without neighbours is a dot. */
function traceAll(
  context: CanvasRenderingContext2D,
  pen: Pen,
  { times, values }: Line,
  gap: number,
  { from, to }: Part,
  area: Area,
): void {
  const { xOf, yOf } = positions(area)
  const isJoined = (index: number) =>
    index > from &&
    index < to &&
    (times[index] as number) - (times[index - 1] as number) <= gap &&
    !Number.isNaN(values[index - 1] as number) &&
    !Number.isNaN(values[index] as number)
  for (let index = from; index < to; index++) {
    const value = values[index] as number
    if (Number.isNaN(value)) continue
    const [x, y] = [xOf(times[index] as number), yOf(value)]
    if (isJoined(index)) pen.lineTo(x, y)
    else if (isJoined(index + 1)) pen.moveTo(x, y)
    else context.fillRect(x - 1.5 * area.ratio, y - 1.5 * area.ratio, 3 * area.ratio, 3 * area.ratio)
  }
}

/** Many values fall into one column of pixels: its lowest and highest are all that can be seen of them. */
function tracePerColumn(
  pen: Pen,
  { times, values }: Line,
  gap: number,
  { from, to }: Part,
  area: Area,
  column: number,
  isOn: (x: number) => boolean,
): void {
  const { xOf, yOf } = positions(area)
  let [current, low, high, isOpen] = [Number.NaN, 0, 0, false]
  let previous = Number.NEGATIVE_INFINITY
  const finish = () => {
    if (Number.isNaN(current)) return
    const x = current * column + area.left
    if (!isOn(x)) {
      isOpen = false
      return
    }
    if (isOpen) pen.lineTo(x, yOf(high))
    else pen.moveTo(x, yOf(high))
    // A column of one value would leave no mark after a gap.
    pen.lineTo(x, yOf(low) + (isOpen || low !== high ? 0 : area.ratio))
    isOpen = true
  }
  for (let index = from; index < to; index++) {
    const value = values[index] as number
    const time = times[index] as number
    const isBroken = Number.isNaN(value) || time - previous > gap
    if (isBroken) {
      finish()
      ;[current, isOpen] = [Number.NaN, false]
    }
    previous = time
    if (Number.isNaN(value)) continue
    const place = Math.floor((xOf(time) - area.left) / column)
    if (place !== current) {
      finish()
      current = place
      low = value
      high = value
    } else if (value < low) low = value
    else if (value > high) high = value
  }
  finish()
}

function positions({ left, top, width, height, span, bottomValue, topValue }: Area) {
  const xScale = width / (span.end - span.start)
  const yScale = height / (topValue - bottomValue)
  return {
    xOf: (time: number) => left + (time - span.start) * xScale,
    yOf: (value: number) => top + (topValue - value) * yScale,
  }
}

/** The lowest and highest value that is seen, with some room; around zero where there is none. */
export function valueRange(lines: readonly DrawnLine[], span: Span): [bottom: number, top: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { line, isHidden } of lines) {
    if (isHidden) continue
    const { times, values } = line
    const to = firstIndex(times, span.end)
    for (let index = firstIndex(times, span.start); index < to; index++) {
      const value = values[index] as number
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  if (low > high) return [0, 1]
  // Zero belongs into the picture where it is near: otherwise little changes look like great ones.
  if (low > 0 && low < high * 0.4) low = 0
  const room = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1
  return [low === 0 ? 0 : low - room, high + room]
}
