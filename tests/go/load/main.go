// Command load reads each cassette named as go-vcr does and prints how many interactions it
// holds; a name is go-vcr's, without ".yaml".
package main

import (
	"fmt"
	"os"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

func main() {
	for _, name := range os.Args[1:] {
		c, err := cassette.Load(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(len(c.Interactions))
	}
}
