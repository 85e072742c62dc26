// A TCP forwarder as toxiproxy is built: for each direction one loop that reads and one that writes,
// with a channel between them for faults to sit in.
// usage: forward LISTEN_PORT TO_PORT (prints "listening PORT")
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func link(from, to *net.TCPConn) {
	chunks := make(chan []byte)
	go func() {
		buffer := make([]byte, 32*1024)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				chunk := make([]byte, n)
				copy(chunk, buffer)
				chunks <- chunk
			}
			if err != nil {
				close(chunks)
				return
			}
		}
	}()
	for chunk := range chunks {
		if _, err := to.Write(chunk); err != nil {
			go io.Copy(io.Discard, from)
			break
		}
	}
	to.CloseWrite()
}

func main() {
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
