package weixinsim

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var goProgram = regexp.MustCompile("(?s)```go file=login_test.go\n(.*?)```")

func TestTheProgramsOfTheManual(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"fixtures.md", "zh/fixtures.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		directory := t.TempDir()
		module := "module shop\n\ngo 1.19\n\nrequire weixinsim v0.1.0\n\nreplace weixinsim => " + here + "\n"
		for name, content := range map[string]string{"go.mod": module, "login_test.go": string(goProgram.FindSubmatch(text)[1])} {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		command := exec.Command("go", "test", "./...")
		command.Dir = directory
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", page, output)
		}
	}
}
