// A TCP forwarder as toxiproxy is built: for each direction one loop that reads and one that writes,
// with a channel between them for faults to sit in. With a delay, each chunk waits in a queue until
// its moment.
// usage: forward LISTEN_PORT TO_PORT [DELAY_MS] (prints "listening PORT")
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

type chunk struct {
	bytes []byte
	due   time.Time
}

var delay time.Duration

func link(from, to *net.TCPConn) {
	chunks := make(chan chunk, 1024)
	go func() {
		buffer := make([]byte, 32*1024)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				bytes := make([]byte, n)
				copy(bytes, buffer)
				chunks <- chunk{bytes, time.Now().Add(delay)}
			}
			if err != nil {
				close(chunks)
				return
			}
		}
	}()
	for chunk := range chunks {
		if delay > 0 {
			time.Sleep(time.Until(chunk.due))
		}
		if _, err := to.Write(chunk.bytes); err != nil {
			go io.Copy(io.Discard, from)
			break
		}
	}
	to.CloseWrite()
}

func main() {
	if len(os.Args) > 3 {
		milliseconds, _ := strconv.Atoi(os.Args[3])
		delay = time.Duration(milliseconds) * time.Millisecond
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go func() {
			upstream, err := net.Dial("tcp", "127.0.0.1:"+os.Args[2])
			if err != nil {
				conn.Close()
				return
			}
			done := make(chan bool)
			go func() { link(conn.(*net.TCPConn), upstream.(*net.TCPConn)); done <- true }()
			link(upstream.(*net.TCPConn), conn.(*net.TCPConn))
			<-done
			conn.Close()
			upstream.Close()
		}()
	}
}
