package weixinsim

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// program is the simulator of this test process. It ends with the process, even if that is killed, because its standard
// input ends then.
type program struct {
	url      string
	command  *exec.Cmd
	input    io.Closer // held until the process ends
	messages *os.File
	ended    chan struct{}
	shared   *Sim
}

var current struct {
	sync.Mutex
	program *program
}

// running returns the simulator of this process, which the first test starts.
func running() (*program, error) {
	current.Lock()
	defer current.Unlock()
	if current.program == nil {
		started, err := start()
		if err != nil {
			return nil, err
		}
		current.program = started
	}
	return current.program, current.program.check()
}

func find() (string, error) {
	named := os.Getenv("WEIXIN_BIN")
	if named == "" {
		named = "weixin"
	}
	path, err := exec.LookPath(named)
	if err != nil {
		return "", fmt.Errorf("there is no program %s: `pip install weixin-cli` installs it, or set WEIXIN_BIN to its path", named)
	}
	return path, nil
}

func start() (*program, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	messages, err := os.CreateTemp("", "weixin-sim-*.log")
	if err != nil {
		return nil, err
	}
	os.Remove(messages.Name())
	command := exec.Command(path, "--json", "sim", "--listen", "127.0.0.1:0", "--until-stdin-ends")
	command.Stderr = messages
	input, _ := command.StdinPipe()
	output, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		return nil, err
	}
	limit := time.AfterFunc(30*time.Second, func() { command.Process.Kill() })
	defer limit.Stop()
	var ready struct{ URL, Error string }
	err = json.NewDecoder(output).Decode(&ready)
	started := &program{ready.URL, command, input, messages, make(chan struct{}), nil}
	go func() {
		command.Wait()
		close(started.ended)
	}()
	if err != nil || ready.URL == "" {
		input.Close()
		<-started.ended
		return nil, fmt.Errorf("the WeChat simulator does not start: %s %w", ready.Error, started.check())
	}
	return started, nil
}

// check returns an error with the exit code and the messages of a simulator that has ended.
func (p *program) check() error {
	select {
	case <-p.ended:
		messages, _ := io.ReadAll(io.NewSectionReader(p.messages, 0, 1<<20))
		return fmt.Errorf("the WeChat simulator has ended: %s\n%s", p.command.ProcessState, messages)
	default:
		return nil
	}
}
