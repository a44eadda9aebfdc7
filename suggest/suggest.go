// Package suggest finds the name that somebody meant who wrote another one.
package suggest

import "strings"

// longest is how many characters a name may have to be compared; a longer one is nobody's slip of the pen.
const longest = 64

// Among returns the one of names that x most probably stands for: few characters inserted, deleted, changed or swapped
// with their neighbour, or else one that begins with x. It is empty if none is near, or if x is one of them.
func Among(x string, names []string) string {
	if len(x) > longest {
		return ""
	}
	best, least := "", len([]rune(x))/3+2
	for _, n := range names {
		if d := distance(strings.ToLower(x), strings.ToLower(n)); d < least || d == least && best != "" && n < best {
			best, least = n, d
		}
	}
	if best == "" {
		for _, n := range names {
			if len(x) > 2 && strings.HasPrefix(n, x) {
				return n
			}
		}
	}
	if best == x || least >= len([]rune(best)) {
		return ""
	}
	return best
}

// distance is the optimal string alignment distance between a and b, in characters.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(y) > longest {
		return longest
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}
